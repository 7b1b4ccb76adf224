import { Injectable } from '@nestjs/common';
import { type CryptoKey, importJWK } from 'jose';
import { KeyStore, type SigningJwk } from './key-store.js';
import { type PublicJwk, publicJwkOf } from './signing-jwk.js';

export interface Signer {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** The keys of the `KeyStore`, ready for use. */
@Injectable()
export class KeyRing {
  #signer: Signer | undefined;
  #verifiers: ReadonlyMap<string, CryptoKey> = new Map();
  #published: readonly PublicJwk[] = [];

  constructor(private readonly keyStore: KeyStore) {}

  /** Reads the keys anew. Until it has resolved once, nothing can be signed. */
  async load(): Promise<void> {
    const keys = await this.keyStore.load();
    const published = keys.map(publicJwkOf);
    const verifiers = await Promise.all(
      published.map(async (jwk) => [jwk.kid, await imported(jwk)] as const),
    );
    const signer = { kid: keys[0].kid, key: await imported(keys[0]) };
    this.#published = published;
    this.#verifiers = new Map(verifiers);
    this.#signer = signer;
  }

  get signer(): Signer {
    if (!this.#signer) throw new Error('the signing keys are not loaded yet: await KeyRing.load() first');
    return this.#signer;
  }

  verifier(kid: string): CryptoKey | undefined {
    return this.#verifiers.get(kid);
  }

  /** The JWK set that anyone may read. */
  get published(): readonly PublicJwk[] {
    return this.#published;
  }
}

async function imported(jwk: SigningJwk | PublicJwk): Promise<CryptoKey> {
  return (await importJWK({ ...jwk }, 'EdDSA')) as CryptoKey;
}
