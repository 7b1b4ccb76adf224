import { Injectable } from '@nestjs/common';
import { Clock, notFound } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { SessionClosings, SUSPENDED } from '../sessions/session-closings.js';
import { store as definition } from './accounts.store.js';

/** Shuts users out, and lets them in again. */
@Injectable()
export class SuspensionsService {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly closings: SessionClosings,
    private readonly clock: Clock,
  ) {}

  /** Refuses the user on every call from now on and closes what is open with 4403. `NOT_FOUND`: no such user. */
  async suspend(userId: string): Promise<void> {
    const isKnown = await this.store.setSuspension({ userId, suspendedAtMs: this.clock.now() });
    if (!isKnown) throw notFound('user');
    this.closings.announce({ userId, sessionIds: null, close: SUSPENDED, exceptConnectionId: null });
  }

  /** `NOT_FOUND`: no such user. */
  async unsuspend(userId: string): Promise<void> {
    if (!(await this.store.setSuspension({ userId, suspendedAtMs: null }))) throw notFound('user');
  }
}
