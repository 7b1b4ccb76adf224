import { Injectable } from '@nestjs/common';
import { Clock, forbidden, type Principal, type RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { REVOKED, SessionClosings } from '../sessions/session-closings.js';
import { store as definition } from './accounts.store.js';
import { PasswordHasher } from './password-hasher.js';

export interface NewPassword {
  readonly password: string;
  readonly newPassword: string;
}

/** Changes passwords. */
@Injectable()
export class PasswordsService {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly hasher: PasswordHasher,
    private readonly closings: SessionClosings,
    private readonly clock: Clock,
  ) {}

  /** Ends every other session of the user. `FORBIDDEN` when `password` is wrong. */
  async change({ userId, sessionId }: Principal, { password, newPassword }: NewPassword): Promise<void> {
    const oldHash = (await this.store.accountById(userId))?.passwordHash ?? null;
    if (!(await this.hasher.matches(password, oldHash)) || oldHash === null) throw wrongPassword();
    const newHash = await this.hasher.hash(newPassword);
    const nowMs = this.clock.now();
    const sessionIds = await this.store.changePassword({ userId, sessionId, oldHash, newHash, nowMs });
    if (!sessionIds) throw wrongPassword();
    this.closings.announce({ userId, sessionIds, close: REVOKED, exceptConnectionId: null });
  }
}

function wrongPassword(): RealtimeError {
  return forbidden('the password is wrong');
}
