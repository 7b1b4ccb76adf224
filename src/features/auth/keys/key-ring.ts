import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { type CryptoKey, importJWK } from 'jose';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { KeyStore, type SigningJwk } from './key-store.js';
import { type PublicJwk, publicJwkOf } from './signing-jwk.js';

export interface Signer {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** How often the keys are read again. A key of the database waits for longer than this before it signs. */
const REREAD_MS = 600_000;

/** The keys of the `KeyStore`, ready for use. */
@Injectable()
export class KeyRing implements OnModuleDestroy {
  readonly #logger = new Logger(KeyRing.name);
  #signer: Signer | undefined;
  #verifiers: ReadonlyMap<string, CryptoKey> = new Map();
  #published: readonly PublicJwk[] = [];
  #stop: Cancel | undefined;

  constructor(
    private readonly keyStore: KeyStore,
    private readonly clock: Clock,
  ) {}

  /** Loads the keys, and from then on keeps up with the store. */
  async open(): Promise<void> {
    await this.load();
    this.#stop ??= this.clock.every(REREAD_MS, () => void this.reread());
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }

  /** Reads the keys anew; whether it could. The old ones stay when the new ones are of no use, and the log says why. */
  async reread(): Promise<boolean> {
    try {
      await this.load();
      return true;
    } catch (error) {
      this.#logger.error({ msg: 'the signing keys could not be read again: the old ones stay', err: error });
      return false;
    }
  }

  /** As `reread`, but rejects when it could not. Until it has resolved once, nothing can be signed. */
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
