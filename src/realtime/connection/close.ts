/** The close codes of the contract, `docs/protocol.md` section 2. */
export const CLOSE = {
  normal: 1000,
  unsupportedData: 1003,
  invalidData: 1007,
  internal: 1011,
  restart: 1012,
  overload: 1013,
  badFrames: 4400,
  unauthenticated: 4401,
  suspended: 4403,
  timeout: 4408,
  replaced: 4409,
  flood: 4429,
} as const;

/** Why a connection ends. `reason` is one machine-readable word of at most 123 bytes; '' for none. */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

/** Thrown while a connection is being attached: it is closed with this reason and never sees `ready`. */
export class ConnectionRefused extends Error {
  constructor(readonly close: CloseReason) {
    super(`connection refused: ${close.code} ${close.reason}`);
  }
}
