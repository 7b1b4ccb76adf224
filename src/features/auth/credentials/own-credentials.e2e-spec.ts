import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Injectable, Module } from '@nestjs/common';
import { of } from 'rxjs';
import { ParleyModule } from '../../../parley.module.js';
import { newId, type Principal, type UpgradeRequest } from '../../../realtime/index.js';
import { ManualClock, startServer, type TestServer, type TestUser } from '../../../testing/index.js';
import { SuspensionsService } from '../accounts/suspensions.service.js';
import { Authenticates } from './authenticates.decorator.js';
import { Sessions } from './sessions.js';

const HOUR_MS = 3_600_000;

/** Whom a badge is for, wherever it is shown: a team's nodes would ask one directory. */
const badges = new Map<string, Principal | false>();

/** Believes what the header `x-badge` says, once a test has said whom it is for. */
@Authenticates()
@Injectable()
class BadgeGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<UpgradeRequest>();
    const badge = badges.get(String(request.headers['x-badge']));
    if (badge) request.principal = badge;
    return of(badge !== false);
  }
}

@Module({ providers: [BadgeGuard] })
class BadgesModule {}

@Module({ imports: [ParleyModule.register({ features: [BadgesModule] })] })
class AppModule {}

describe('credentials of a team', () => {
  let clock: ManualClock;
  let server: TestServer;
  let ann: TestUser;
  let sessionId: string;

  beforeEach(async () => {
    clock = new ManualClock();
    server = await startServer({ module: AppModule, clock });
    ann = await server.user('ann');
    const actor = { kind: 'user', userId: ann.id, sessionId: null } as const;
    const terms = { label: 'x'.repeat(300), expiresAtMs: clock.now() + HOUR_MS };
    sessionId = await server.get(Sessions).open(actor, terms);
    badges.set('ann', { userId: ann.id, sessionId, expiresAtMs: null });
  });
  afterEach(async () => {
    badges.clear();
    await server.close();
  });

  const headers = (name: string) => ({ headers: { 'x-badge': name } });
  const upgradeStatus = async (name: string): Promise<number> =>
    server.open(headers(name)).then(
      () => 101,
      (refusal: { status: number }) => refusal.status,
    );
  const callStatus = async (name: string): Promise<number> =>
    (await server.http.get('/auth/me', headers(name))).status;

  async function expectBoth(name: string, upgrade: number, call: number): Promise<void> {
    expect([await upgradeStatus(name), await callStatus(name)]).toEqual([upgrade, call]);
  }

  it('open connections and calls', async () => {
    await expectBoth('ann', 101, 200);
  });

  it('end with their session', async () => {
    const client = await server.open(headers('ann'));
    const ready = await client.next('ready');
    expect(Date.parse(String(ready['tokenExpiresAt']))).toBe(clock.now() + HOUR_MS);
    await clock.advance(HOUR_MS + 1000);
    await expect(client.closed).resolves.toEqual({ code: 4401, reason: 'expired' });
    await expectBoth('ann', 401, 401);
  });

  it('end no later than the guard says', async () => {
    badges.set('ann', { userId: ann.id, sessionId, expiresAtMs: clock.now() });
    await expectBoth('ann', 401, 401);
  });

  it.each([
    ['a session that there is not', { sessionId: newId(0) }],
    ['another user’s session', { userId: newId(0) }],
  ])('are refused with %s', async (_, wrong) => {
    badges.set('ann', { userId: ann.id, sessionId, expiresAtMs: null, ...wrong });
    await expectBoth('ann', 401, 401);
  });

  it('are refused when their guard says no', async () => {
    badges.set('eve', false);
    await expectBoth('eve', 403, 403);
  });

  it('are refused while their user is suspended', async () => {
    await server.get(SuspensionsService).suspend(ann.id);
    await expectBoth('ann', 403, 403);
  });

  it('leave everyone else to their tokens', async () => {
    await expectBoth('nobody', 401, 401);
    expect((await server.http.get('/auth/me', { token: ann.accessToken })).status).toBe(200);
  });

  it('end with a changed password', async () => {
    const client = await server.open(headers('ann'));
    await client.next('ready');
    const passwords = { password: ann.password, newPassword: 'another password' };
    await server.http.post('/auth/password', passwords, { token: ann.accessToken });
    await expect(client.closed).resolves.toEqual({ code: 4401, reason: 'revoked' });
    await expectBoth('ann', 401, 401);
  });

  it('are not opened by a session that has ended', async () => {
    const me = await server.http.get('/auth/me', { token: ann.accessToken });
    const actor = { kind: 'user', userId: ann.id, sessionId: String(me.body['sessionId']) } as const;
    await server.http.post('/auth/logout', {}, { token: ann.accessToken });
    const opening = server.get(Sessions).open(actor, { label: 'late', expiresAtMs: null });
    await expect(opening).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('are of sessions whose label is cut', async () => {
    const client = await server.connect('ann');
    const { sessions } = await client.request('auth.sessions');
    const own = (sessions as { id: string; userAgent: string }[]).find(({ id }) => id === sessionId);
    expect(own?.userAgent).toBe('x'.repeat(256));
  });
});
