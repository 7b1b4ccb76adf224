import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { type KeySet, KeyStore, type SigningJwk } from './key-store.js';
import { newSigningJwk } from './signing-jwk.js';
import { store as definition, type StoredKey } from './signing-keys.store.js';

const DAY_MS = 86_400_000;
/** The age at which a key is given a successor. */
const LIFE_MS = 90 * DAY_MS;
/** How long a new key is only published: until every node has read it, and whoever caches the public keys too. */
const NOTICE_MS = 3_600_000;

/**
 * Keys in the service's database, shared by all nodes on it. The first start makes the first one. After 90 days a successor
 * is made; it signs an hour later, and the old key goes when nothing that it signed is valid any more.
 */
@Injectable()
export class DatabaseKeyStore extends KeyStore {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {
    super();
  }

  async load(): Promise<KeySet> {
    let keys = await this.store.all();
    const newest = keys.at(-1);
    if (newest === undefined || this.#ageOf(newest) >= LIFE_MS) keys = await this.#offerNext(newest);
    const signer = keys.findLast((key, index) => index === 0 || this.#ageOf(key) >= NOTICE_MS);
    if (!signer) throw new Error('the database keeps no signing key, though one was just offered to it');
    await this.#dropBefore(signer, keys);
    return [parsed(signer), ...keys.filter((key) => key !== signer).map(parsed)];
  }

  async #offerNext(newest: StoredKey | undefined): Promise<StoredKey[]> {
    const jwk = await newSigningJwk();
    return await this.store.offer({
      position: (newest?.position ?? 0) + 1,
      kid: jwk.kid,
      privateJwk: JSON.stringify(jwk),
      createdAtMs: this.clock.now(),
    });
  }

  /** Nodes take up the signer within its notice, so what another key signed has ended a token's life after that. */
  async #dropBefore(signer: StoredKey, [oldest]: readonly StoredKey[]): Promise<void> {
    const endsAtMs = 2 * NOTICE_MS + this.settings.accessTokenTtlS * 1_000;
    if (oldest !== signer && this.#ageOf(signer) >= endsAtMs) {
      await this.store.drop({ below: signer.position });
    }
  }

  #ageOf({ createdAtMs }: StoredKey): number {
    return this.clock.now() - createdAtMs;
  }
}

function parsed({ privateJwk }: StoredKey): SigningJwk {
  return JSON.parse(privateJwk) as SigningJwk;
}
