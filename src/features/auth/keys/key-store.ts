import type { JWK } from 'jose';

/** A public Ed25519 key (RFC 8037) with the name by which tokens refer to it. */
export interface VerifyingJwk extends JWK {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
}

/** A private one. */
export interface SigningJwk extends VerifyingJwk {
  readonly d: string;
}

/** At least one key: the first signs, all verify. */
export type KeySet = readonly [SigningJwk, ...VerifyingJwk[]];

/** Where the keys of the access tokens are kept. */
export abstract class KeyStore {
  /**
   * The keys as they are now. A store that makes its first key itself makes only one, however many nodes ask at once. Rejects
   * when they cannot be had: whoever has keys goes on with those.
   */
  abstract load(): Promise<KeySet>;
}
