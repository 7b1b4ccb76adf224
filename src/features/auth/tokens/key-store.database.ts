import { Injectable } from '@nestjs/common';
import { Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { KeyStore, type SigningJwk } from './key-store.js';
import { newSigningJwk } from './signing-jwk.js';
import { store as definition } from './signing-keys.store.js';

/** Keys in the service's database, shared by all nodes on it. The first start makes the first one. */
@Injectable()
export class DatabaseKeyStore extends KeyStore {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly clock: Clock,
  ) {
    super();
  }

  async load(): Promise<readonly [SigningJwk, ...SigningJwk[]]> {
    const kept = await this.store.all();
    const [first, ...rest] = (kept.length > 0 ? kept : await this.#offerFirst()).map(parsed);
    if (!first) throw new Error('the database keeps no signing key, though one was just offered to it');
    return [first, ...rest];
  }

  async #offerFirst(): Promise<string[]> {
    const jwk = await newSigningJwk();
    return await this.store.offerFirst({
      kid: jwk.kid,
      privateJwk: JSON.stringify(jwk),
      nowMs: this.clock.now(),
    });
  }
}

function parsed(jwk: string): SigningJwk {
  return JSON.parse(jwk) as SigningJwk;
}
