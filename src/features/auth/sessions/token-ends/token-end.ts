/** The end of a credential as the wire has it: ISO 8601 in UTC, `null` for never. */
export function tokenEnd(expiresAtMs: number | null): string | null {
  return expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
}
