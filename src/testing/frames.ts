/** JSON as it came, for tests to look into. */
// oxlint-disable-next-line typescript/no-explicit-any -- what a test expects of a reply is asserted, not declared
export type Json = Record<string, any>;

/** A frame from the service. */
export interface ReceivedFrame {
  readonly event: string;
  readonly id?: string | number;
  readonly data: Json;
}

/** The service answered a request with a failure. */
export class RequestFailed extends Error {
  readonly code: string;
  readonly details: readonly { path: string; message: string }[];
  readonly retryAfterMs: number | undefined;
  readonly ref: string | undefined;

  constructor(
    readonly event: string,
    readonly data: Json,
  ) {
    super(`${event} failed: ${data['code']} ${data['message']} ${JSON.stringify(data['details'] ?? [])}`);
    this.code = String(data['code']);
    this.details = (data['details'] ?? []) as RequestFailed['details'];
    this.retryAfterMs = data['retryAfterMs'] as number | undefined;
    this.ref = data['ref'] as string | undefined;
  }
}

/** The service answered an upgrade with something else than 101. */
export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string | string[] | undefined>>,
    readonly body: string,
  ) {
    super(`upgrade refused: ${status} ${body}`);
  }

  /** The problem document. */
  get problem(): Json {
    return JSON.parse(this.body) as Json;
  }
}
