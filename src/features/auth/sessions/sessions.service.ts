import { Injectable } from '@nestjs/common';
import { Clock, type CloseReason, notFound } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { isId } from '../accounts/names.js';
import { OLDEST_TOKEN_MS } from '../foreign/foreign-tokens.js';
import { LastSeen } from './last-seen.js';
import { LOGGED_OUT, REVOKED, SessionClosings } from './session-closings.js';
import { type SessionRef, type SessionRow, store as sessionsStore } from './sessions.store.js';

/** Lists and ends sessions. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    private readonly closings: SessionClosings,
    private readonly lastSeen: LastSeen,
    private readonly clock: Clock,
  ) {}

  /** Ends a session by its own wish. `exceptConnectionId` is left to its caller to close. */
  async logOut(session: SessionRef, exceptConnectionId: string | null = null): Promise<void> {
    await this.#end(session, LOGGED_OUT, exceptConnectionId);
  }

  /** Ends one of the user's sessions; `NOT_FOUND` if it is nobody's or somebody else's. */
  async revoke(session: SessionRef, exceptConnectionId: string | null = null): Promise<void> {
    const isTheirs = isId(session.sessionId) && (await this.#end(session, REVOKED, exceptConnectionId));
    if (!isTheirs) throw notFound('session');
  }

  /** The user's living sessions, newest first. */
  async list(userId: string): Promise<SessionRow[]> {
    await this.lastSeen.flush();
    return await this.sessions.living({ userId, nowMs: this.clock.now() });
  }

  async #end(session: SessionRef, close: CloseReason, exceptConnectionId: string | null): Promise<boolean> {
    const { userId, sessionId } = session;
    const nowMs = this.clock.now();
    const keepUntilMs = nowMs + OLDEST_TOKEN_MS;
    const isTheirs = await this.sessions.revoke({ userId, sessionId, nowMs, keepUntilMs });
    if (isTheirs) this.closings.announce({ userId, sessionIds: [sessionId], close, exceptConnectionId });
    return isTheirs;
  }
}
