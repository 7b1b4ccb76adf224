import type { Json } from './frames.js';

/** What an HTTP call carries beside its body. */
export interface HttpOptions {
  /** An access token, sent as `Authorization: Bearer`. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an HTTP call was answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; empty if there was none. */
  readonly body: Json;
}

/** The service's HTTP calls. */
export class TestHttp {
  private readonly address: () => string;

  /** `address`: `http://…`, or what gives the one to use each time. */
  constructor(address: string | (() => string)) {
    this.address = typeof address === 'string' ? () => address : address;
  }

  /** The one to use now. */
  get url(): string {
    return this.address();
  }

  async get(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    return await this.call('GET', path, undefined, options);
  }

  /** Sends `body` as JSON, or as it is when it is a string. */
  async post(path: string, body: object | string = {}, options: HttpOptions = {}): Promise<HttpAnswer> {
    return await this.call('POST', path, typeof body === 'string' ? body : JSON.stringify(body), options);
  }

  private async call(
    method: string,
    path: string,
    body: string | undefined,
    { token, headers }: HttpOptions,
  ): Promise<HttpAnswer> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      body: body ?? null,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: parsed(text) };
  }
}

function parsed(text: string): Json {
  return text === '' ? {} : (JSON.parse(text) as Json);
}
