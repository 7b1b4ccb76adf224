import { Injectable } from '@nestjs/common';
import { Clock, forbidden, newId, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { type Grant, GrantsService } from '../sessions/grants.service.js';
import { type Account, store as definition } from './accounts.store.js';
import { foldDisplayName, foldUsername, isUsername, normalDisplayName } from './names.js';
import { PasswordHasher } from './password-hasher.js';
import type { User } from './user.js';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Registration extends Credentials {
  /** Defaults to the username. */
  readonly displayName?: string;
}

/** Makes accounts and opens sessions on them. */
@Injectable()
export class AccountsService {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly hasher: PasswordHasher,
    private readonly grants: GrantsService,
    private readonly clock: Clock,
  ) {}

  /** `CONFLICT` when the name is taken. */
  async register({ username, password, displayName }: Registration, userAgent: string): Promise<Grant> {
    const name = foldUsername(username);
    // A taken name is not worth a hash; the insert decides all the same.
    if (await this.store.accountByUsername(name)) throw taken();
    const passwordHash = await this.hasher.hash(password);
    const user = await this.#insert(name, normalDisplayName(displayName ?? name), passwordHash);
    return await this.grants.open({ user, passwordHash, userAgent });
  }

  /** A wrong name and a wrong password cost the same and read the same: `UNAUTHENTICATED`. Suspended: `FORBIDDEN`. */
  async logIn({ username, password }: Credentials, userAgent: string): Promise<Grant> {
    const account = await this.#accountOf(username);
    const passwordHash = account?.passwordHash ?? null;
    const isMatch = await this.hasher.matches(password, passwordHash);
    if (!account || passwordHash === null || !isMatch) {
      throw new RealtimeError('UNAUTHENTICATED', 'wrong username or password');
    }
    if (account.isSuspended) throw forbidden('the user is suspended');
    return await this.grants.open({ user: account.user, passwordHash, userAgent });
  }

  /** What could be nobody's name is looked up as '', which nobody has: it takes as long. */
  async #accountOf(username: string): Promise<Account | undefined> {
    return await this.store.accountByUsername(isUsername(username) ? foldUsername(username) : '');
  }

  async #insert(username: string, displayName: string, passwordHash: string): Promise<User> {
    const nowMs = this.clock.now();
    const id = newId(nowMs);
    const foldedName = foldDisplayName(displayName);
    const isInserted = await this.store.insert({
      id,
      username,
      displayName,
      foldedName,
      passwordHash,
      nowMs,
    });
    if (!isInserted) throw taken();
    return { id, username, displayName, updatedAt: new Date(nowMs).toISOString(), deletedAt: null };
  }
}

function taken(): RealtimeError {
  return new RealtimeError('CONFLICT', 'this username is taken');
}
