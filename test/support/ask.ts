import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON; empty where it is none. */
  readonly body: Record<string, unknown>;
}

/** How to reach a service that `fetch` cannot: a certificate of its own, an address of ours to call from. */
export interface AskOptions extends Pick<RequestOptions, 'ca' | 'localAddress'> {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, by POST. */
  readonly body?: object | Buffer;
}

/** Sends one request over http or https, on a connection of its own. */
export async function ask(url: string, { body, headers, ...options }: AskOptions = {}): Promise<Answer> {
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  const content = contentOf(body);
  const method = body === undefined ? 'GET' : 'POST';
  const sending = send(url, {
    ...options,
    agent: false,
    method,
    headers: { ...content.headers, ...headers },
  });
  sending.end(content.bytes);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(response, text) };
}

function contentOf(body: AskOptions['body']): { bytes?: Buffer; headers?: Record<string, string> } {
  if (body === undefined) return {};
  if (Buffer.isBuffer(body)) return { bytes: body };
  return { bytes: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } };
}

function parsed({ headers }: IncomingMessage, text: string): Record<string, unknown> {
  const isJson = headers['content-type']?.includes('json') === true && text !== '';
  return isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
}
