import { Injectable } from '@nestjs/common';
import { Clock, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { foldDisplayName, normalDisplayName } from '../accounts/names.js';
import type { User } from '../accounts/user.js';
import { Users } from '../accounts/users.js';
import { store as profilesStore } from './profiles.store.js';
import { UserChanges } from './user-changes.js';

export interface ProfileChange {
  /** Undefined: it stays. */
  readonly displayName?: string;
}

/** Lets users change what others see of them. */
@Injectable()
export class ProfilesService {
  constructor(
    @InjectStore(profilesStore) private readonly store: Store<typeof profilesStore>,
    private readonly users: Users,
    private readonly changes: UserChanges,
    private readonly clock: Clock,
  ) {}

  /** Nobody is told of a change that changes nothing. */
  async update({ userId }: UserActor, { displayName }: ProfileChange): Promise<User> {
    if (displayName === undefined) return await this.current(userId);
    const name = normalDisplayName(displayName);
    const foldedName = foldDisplayName(name);
    const nowMs = this.clock.now();
    const renamed = await this.store.rename({ userId, displayName: name, foldedName, nowMs });
    if (!renamed) throw notFound('user');
    if (renamed.isChanged) this.changes.announce(userId);
    return renamed.user;
  }

  private async current(userId: string): Promise<User> {
    const [user] = await this.users.byIds([userId]);
    if (!user) throw notFound('user');
    return user;
  }
}
