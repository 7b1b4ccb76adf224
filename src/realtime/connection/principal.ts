/** Whom the upgrade guards found behind a request. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  /** Wall time in milliseconds at which the credential ends; `null` when it never does. */
  readonly expiresAtMs: number | null;
  /** How long after its end it still counts, for the clocks of two services; default: 0. */
  readonly leewayMs?: number;
}
