import { hash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A secret that only its holder knows: 256 random bits as 43 URL-safe characters. */
export function newOpaqueToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of an opaque token. Found by equality, it tells nothing of the token, however a lookup's time varies. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
