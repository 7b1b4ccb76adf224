import { Inject, Injectable } from '@nestjs/common';
import { Clock, forbidden, newId, notFound, type Principal, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { REVOKED, SessionClosings, SUSPENDED } from '../sessions/session-closings.js';
import { type Grant, SessionsService } from '../sessions/sessions.service.js';
import { type Account, store as definition } from './accounts.store.js';
import { foldDisplayName, foldUsername, isUsername, normalDisplayName } from './names.js';
import { PasswordHasher } from './password-hasher.js';
import type { User } from './user.js';

export interface Registration {
  readonly username: string;
  readonly password: string;
  readonly displayName?: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Accounts of this service: their names, passwords and suspension. */
@Injectable()
export class AccountsService {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly closings: SessionClosings,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  /** `FORBIDDEN` while registration is closed, `CONFLICT` when the name is taken. */
  async register(registration: Registration, userAgent: string): Promise<Grant> {
    if (!this.settings.isRegistrationOpen) throw forbidden('registration is closed');
    const username = foldUsername(registration.username);
    // A taken name is not worth a hash; the insert decides all the same.
    if (await this.store.accountByUsername(username)) throw taken();
    const passwordHash = await this.hasher.hash(registration.password);
    const user = await this.#insert({ username, displayName: registration.displayName, passwordHash });
    return await this.sessions.open({ user, passwordHash, userAgent });
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
    return await this.sessions.open({ user: account.user, passwordHash, userAgent });
  }

  /** Ends every other session of the user. `FORBIDDEN` when `password` is wrong. */
  async changePassword(
    caller: Principal,
    { password, newPassword }: { password: string; newPassword: string },
  ) {
    const { userId, sessionId } = caller;
    const oldHash = (await this.store.accountById(userId))?.passwordHash ?? null;
    if (!(await this.hasher.matches(password, oldHash)) || oldHash === null) throw wrongPassword();
    const newHash = await this.hasher.hash(newPassword);
    const nowMs = this.clock.now();
    const sessionIds = await this.store.changePassword({ userId, sessionId, oldHash, newHash, nowMs });
    if (!sessionIds) throw wrongPassword();
    this.closings.announce({ userId, sessionIds, close: REVOKED, exceptConnectionId: null });
  }

  /** Refuses the user on every call from now on and closes what is open with 4403. `NOT_FOUND`: no such user. */
  async suspend(userId: string): Promise<void> {
    if (!(await this.store.setSuspension({ userId, suspendedAtMs: this.clock.now() })))
      throw notFound('user');
    this.closings.announce({ userId, sessionIds: null, close: SUSPENDED, exceptConnectionId: null });
  }

  async unsuspend(userId: string): Promise<void> {
    if (!(await this.store.setSuspension({ userId, suspendedAtMs: null }))) throw notFound('user');
  }

  async #accountOf(username: string): Promise<Account | undefined> {
    return isUsername(username) ? await this.store.accountByUsername(foldUsername(username)) : undefined;
  }

  async #insert(account: {
    username: string;
    displayName: string | undefined;
    passwordHash: string;
  }): Promise<User> {
    const nowMs = this.clock.now();
    const id = newId(nowMs);
    const { username, passwordHash } = account;
    const displayName = normalDisplayName(account.displayName ?? username);
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

function wrongPassword(): RealtimeError {
  return forbidden('the password is wrong');
}
