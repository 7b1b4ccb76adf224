import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  Clock,
  Database,
  forbidden,
  newId,
  notFound,
  type Principal,
  Sessions,
  type UserActor,
} from 'parley';
import type { ApiKeyTables } from './api-keys.migrations.js';

/** Keys that act for a user until they are revoked. Each stands for a session of its own. */
@Injectable()
export class ApiKeysService {
  private readonly db;

  constructor(
    private readonly database: Database,
    private readonly sessions: Sessions,
    private readonly clock: Clock,
  ) {
    this.db = database.builder<ApiKeyTables>();
  }

  /** The answer is the only place where the key ever stands. Keys make no keys: a leaked one dies when it is revoked. */
  async issue(actor: UserActor, name: string) {
    if (await this.isOfKey(actor)) throw forbidden('log in to make a key');
    const key = `key_${randomBytes(32).toString('base64url')}`;
    const sessionId = await this.sessions.open(actor, { label: `API key: ${name}`, expiresAtMs: null });
    const now = this.clock.now();
    const row = { id: newId(now), digest: digestOf(key), user_id: actor.userId, session_id: sessionId, name };
    await this.database.write([this.db.insertInto('api_keys').values({ ...row, created_at: now })]);
    return { id: row.id, name, key };
  }

  /** Whom the key acts for; `undefined` if it is none. Parley judges the session, so a revoked key is refused there. */
  async principalOf(key: string): Promise<Principal | undefined> {
    const [[row] = []] = await this.database.read([
      this.db.selectFrom('api_keys').selectAll().where('digest', '=', digestOf(key)),
    ]);
    return row && { userId: String(row['user_id']), sessionId: String(row['session_id']), expiresAtMs: null };
  }

  /** The connections of the key close with 4401, here and on every other node. */
  async revoke({ userId }: UserActor, id: string): Promise<void> {
    const own = this.db.deleteFrom('api_keys').where('id', '=', id).where('user_id', '=', userId);
    const [[row] = []] = await this.database.write([own.returning('session_id')]);
    if (!row) throw notFound('key');
    await this.sessions.revoke({ userId, sessionId: String(row['session_id']) });
  }

  private async isOfKey({ sessionId }: UserActor): Promise<boolean> {
    const keys = this.db
      .selectFrom('api_keys')
      .select('id')
      .where('session_id', '=', sessionId ?? '');
    const [[row] = []] = await this.database.read([keys]);
    return row !== undefined;
  }
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
