import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../../../storage/index.js';
import { ManualClock } from '../../../testing/index.js';
import { AccountsService } from '../accounts/accounts.service.js';
import type { AuthTables } from '../auth.tables.js';
import { openTestAuth, type TestAuth } from '../testing.js';
import { Authenticator } from './authenticator.js';
import { type Grant, GrantsService } from './grants.service.js';
import { LastSeen } from './last-seen.js';
import { SessionPurge } from './session-purge.js';
import { SessionsService } from './sessions.service.js';

const ANN = { username: 'ann', password: 'correct horse' };
const HOUR_MS = 3_600_000;

describe('sessions', () => {
  let clock: ManualClock;
  let auth: TestAuth;
  let grant: Grant;
  let sessionId: string;

  beforeAll(async () => {
    clock = new ManualClock();
    auth = await openTestAuth({ clock });
    grant = await auth.get(AccountsService).register(ANN, '');
  });
  afterAll(async () => auth.close());
  beforeEach(async () => {
    grant = await auth.get(AccountsService).logIn(ANN, 'x'.repeat(300));
    ({ sessionId } = await auth.get(Authenticator).byAccessToken(grant.accessToken));
  });

  /** What the database holds of this session, whatever still waits to be written. */
  async function stored() {
    const database = auth.get(Database);
    const query = database.builder<AuthTables>();
    const [[session], tokens] = (await database.read([
      query.selectFrom('sessions').selectAll().where('id', '=', sessionId).compile(),
      query.selectFrom('refresh_tokens').selectAll().where('session_id', '=', sessionId).compile(),
    ])) as unknown as [[AuthTables['sessions'] | undefined], AuthTables['refresh_tokens'][]];
    return { session, tokens };
  }

  /** Resolves when the database holds that time; the test's own time-out is the limit. */
  async function untilSeen(atMs: number): Promise<void> {
    while ((await stored()).session?.last_seen_at !== atMs);
  }

  it('remember the beginning of a long user agent', async () => {
    expect((await stored()).session?.user_agent).toBe('x'.repeat(256));
  });

  it('keep no token, only digests', async () => {
    const kept = JSON.stringify(await stored());
    expect(kept).not.toContain(grant.refreshToken);
    expect(kept).not.toContain(grant.accessToken);
  });

  it('are noted as seen within two seconds, and before they are listed', async () => {
    const before = clock.now();
    await clock.advance(10_000);
    auth.get(LastSeen).note(sessionId);
    expect((await stored()).session?.last_seen_at).toBe(before);
    const listed = await auth.get(SessionsService).list(grant.user.id);
    expect(listed).toContainEqual(expect.objectContaining({ id: sessionId, lastSeenAtMs: before + 10_000 }));
    await clock.advance(1_000);
    auth.get(LastSeen).note(sessionId);
    await clock.advance(2_000);
    await expect(untilSeen(before + 11_000)).resolves.toBeUndefined();
  });

  it('are never seen earlier than before', async () => {
    const seenAt = clock.now();
    clock.jump(-HOUR_MS);
    auth.get(LastSeen).note(sessionId);
    await auth.get(LastSeen).flush();
    clock.jump(HOUR_MS);
    expect((await stored()).session?.last_seen_at).toBe(seenAt);
  });

  it('are not listed any more when their refresh token has ended', async () => {
    await clock.advance(HOUR_MS);
    expect(await auth.get(SessionsService).list(grant.user.id)).toEqual([]);
  });

  it('are deleted with their tokens a while after their end, and not before', async () => {
    const purge = auth.get(SessionPurge);
    const { refreshToken } = await auth.get(GrantsService).refresh(grant.refreshToken);
    await clock.advance(HOUR_MS - 1_000);
    await auth.get(GrantsService).refresh(refreshToken);
    await clock.advance(HOUR_MS + 905_000);
    await purge.purge();
    const held = await stored();
    expect(held.session?.id).toBe(sessionId);
    expect(held.tokens).toHaveLength(3);
    const other = await auth.get(AccountsService).logIn(ANN, '');
    await clock.advance(HOUR_MS - 1_000);
    await purge.purge();
    expect(await stored()).toEqual({ session: undefined, tokens: [] });
    await expect(auth.get(GrantsService).refresh(other.refreshToken)).resolves.toHaveProperty('user');
  });
});
