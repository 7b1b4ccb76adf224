import type { JWK } from 'jose';

/** A private Ed25519 key (RFC 8037) with the name by which tokens refer to it. */
export interface SigningJwk extends JWK {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
  readonly kid: string;
}

/** Where the keys of the access tokens are kept. */
export abstract class KeyStore {
  /**
   * Every key, at least one: the first signs, all verify. A store that makes its first key itself makes only one,
   * however many nodes ask at once.
   */
  abstract load(): Promise<readonly [SigningJwk, ...SigningJwk[]]>;
}
