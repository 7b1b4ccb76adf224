import type { ErrorCode } from '../errors/error-code.js';
import { RealtimeError } from '../errors/realtime-error.js';

/** Ends an upgrade before 101, with what the answer's headers need beside the error. */
export class UpgradeRefused extends RealtimeError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    private readonly ownStatus?: number,
  ) {
    super(code, message);
  }

  /** The code's status, unless this refusal has one of its own. */
  override get status(): number {
    return this.ownStatus ?? super.status;
  }
}
