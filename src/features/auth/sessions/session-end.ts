/** The end of a session that has none. Every database holds it in a `bigint`, and JavaScript exactly. */
export const NEVER_MS = Number.MAX_SAFE_INTEGER;
