import { once } from 'node:events';
import { request } from 'node:http';

const BOUNDARY = 'the boundary between parts';

// oxlint-disable-next-line typescript/no-explicit-any -- what a test expects of an answer is asserted, not declared
type Json = Record<string, any>;

/** The service under test, as far as HTTP needs it. */
export interface Service {
  readonly url: string;
  user(name: string): Promise<{ readonly accessToken: string }>;
}

/** A part of a form; with a filename it is a file. */
export interface FormPart {
  readonly name: string;
  /** Goes into the header as it is, without any escaping. */
  readonly filename?: string;
  readonly content: Buffer | string;
}

/** The body of a multipart form, byte for byte as a client could send it. */
export function formBody(parts: readonly FormPart[]): Buffer {
  const chunks = parts.flatMap(({ name, filename, content }) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

export const FORM_TYPE = `multipart/form-data; boundary="${BOUNDARY}"`;

/** The form of an upload as it should be. */
export const uploadForm = (roomId: string, content: Buffer | string, filename = 'notes.txt'): Buffer =>
  formBody([
    { name: 'roomId', content: roomId },
    { name: 'file', filename, content },
  ]);

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly content: Buffer;
  /** The content as JSON. */
  readonly body: Json;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The user whose access token is sent. */
  readonly as?: string;
  readonly body?: Buffer | AsyncIterable<Uint8Array>;
}

/** Sends the path as it is written, where `fetch` would normalise it, and the body as it comes. */
export async function ask(server: Service, path: string, options: RawRequest = {}): Promise<Answer> {
  const { method = 'GET', as, body } = options;
  const token = as === undefined ? undefined : (await server.user(as)).accessToken;
  const { hostname, port } = new URL(server.url);
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...options.headers };
  return await new Promise((resolve, reject) => {
    const sending = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, response.headers, chunks)));
    });
    sending.on('error', reject);
    void send(sending, body);
  });
}

async function send(
  sending: ReturnType<typeof request>,
  body: RawRequest['body'] = Buffer.alloc(0),
): Promise<void> {
  if (Buffer.isBuffer(body)) {
    sending.end(body);
    return;
  }
  const closed = once(sending, 'close');
  for await (const chunk of body) {
    if (sending.destroyed) return;
    if (!sending.write(chunk)) await Promise.race([once(sending, 'drain'), closed]).catch(() => undefined);
  }
  sending.end();
}

function answerOf(status: number, headers: Answer['headers'], chunks: readonly Buffer[]): Answer {
  const content = Buffer.concat(chunks);
  const isJson = content.length > 0 && String(headers['content-type']).includes('json');
  return { status, headers, content, body: isJson ? (JSON.parse(String(content)) as Json) : {} };
}

/** Uploads as the user of this name. */
export async function upload(
  server: Service,
  as: string,
  body: Buffer | AsyncIterable<Uint8Array>,
): Promise<Answer> {
  return await ask(server, '/attachments', {
    method: 'POST',
    as,
    headers: { 'content-type': FORM_TYPE },
    body,
  });
}

/** Uploads a small text, asserts that it became an attachment, and returns that. */
export async function uploaded(
  server: Service,
  as: string,
  roomId: string,
  content: Buffer | string = 'some notes',
): Promise<Json> {
  const { status, body } = await upload(server, as, uploadForm(roomId, content));
  if (status !== 201) throw new Error(`the upload was refused: ${status} ${JSON.stringify(body)}`);
  return body['attachment'] as Json;
}
