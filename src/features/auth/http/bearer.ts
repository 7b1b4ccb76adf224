import type { IncomingMessage } from 'node:http';

const SCHEME = /^bearer(?: +|$)/i;

/** The token of `Authorization: Bearer <token>`, '' if there is none behind the scheme; `undefined`: another scheme or no header. */
export function bearerOf({ headers: { authorization } }: IncomingMessage): string | undefined {
  if (authorization === undefined || !SCHEME.test(authorization)) return undefined;
  return authorization.replace(SCHEME, '').trim();
}
