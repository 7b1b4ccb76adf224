import { Injectable } from '@nestjs/common';
import { Clock, newId, RealtimeError, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { NEVER_MS } from '../sessions/session-end.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { SessionRef } from '../sessions/sessions.store.js';
import { store as definition } from './delegated-sessions.store.js';
import { Sessions, type SessionTerms } from './sessions.js';

const LONGEST_LABEL = 256;

@Injectable()
export class StoredSessions extends Sessions {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly sessions: SessionsService,
    private readonly clock: Clock,
  ) {
    super();
  }

  async open({ userId, sessionId }: UserActor, { label, expiresAtMs }: SessionTerms): Promise<string> {
    const nowMs = this.clock.now();
    const id = newId(nowMs);
    const isOpen = await this.store.open({
      id,
      userId,
      bySessionId: sessionId,
      label: label.slice(0, LONGEST_LABEL),
      nowMs,
      expiresAtMs: expiresAtMs ?? NEVER_MS,
    });
    if (!isOpen) throw new RealtimeError('UNAUTHENTICATED', 'the session has ended');
    return id;
  }

  async revoke({ userId, sessionId }: SessionRef): Promise<void> {
    await this.sessions.revoke({ userId, sessionId });
  }
}
