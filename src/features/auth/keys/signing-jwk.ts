import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { SigningJwk, VerifyingJwk } from './key-store.js';

/** A new key, named by its thumbprint (RFC 7638). */
export async function newSigningJwk(): Promise<SigningJwk> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) } as SigningJwk;
}

/** What others may know of a key. */
export function publicJwkOf({ kty, crv, x, kid }: VerifyingJwk) {
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' } as const;
}

export type PublicJwk = ReturnType<typeof publicJwkOf>;
