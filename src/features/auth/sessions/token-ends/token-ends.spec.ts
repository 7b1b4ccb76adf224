import { beforeEach, describe, expect, it } from '@jest/globals';
import { type CloseReason, Connection, type Principal, type UserActor } from '../../../../realtime/index.js';
import { ManualClock } from '../../../../testing/index.js';
import { TokenEnds } from './token-ends.js';

/** Keeps what a connection is told. */
class RecordedConnection extends Connection {
  readonly id = 'c1';
  readonly subprotocol = 'chat';
  readonly userAgent = '';
  readonly remoteAddress = '127.0.0.1';
  readonly openedAtMs = 0;
  readonly lastFrameAtMs = 0;
  readonly isAttached = true;
  readonly pushes: { event: string; data: object }[] = [];
  closed: CloseReason | undefined = undefined;

  constructor(public principal: Principal) {
    super();
  }

  get actor(): UserActor {
    return { kind: 'user', userId: this.principal.userId, sessionId: this.principal.sessionId };
  }

  push(event: string, data: object): void {
    this.pushes.push({ event, data });
  }

  pushFrame(): void {}

  pushState(): void {}

  closeOnceAnswered(): void {}
  prolong(expiresAtMs: number | null): void {
    this.principal = { ...this.principal, expiresAtMs };
  }

  close(close: CloseReason): void {
    this.closed ??= close;
  }
}

const EXPIRED = { code: 4401, reason: 'expired' };

describe('TokenEnds', () => {
  let clock: ManualClock;
  let ends: TokenEnds;

  beforeEach(() => {
    clock = new ManualClock();
    ends = new TokenEnds(clock);
  });

  function watched(lifeMs: number): RecordedConnection {
    const connection = new RecordedConnection({
      userId: 'ann',
      sessionId: 's1',
      expiresAtMs: clock.now() + lifeMs,
    });
    ends.watch(connection);
    return connection;
  }

  it('warns 60 s before the end and closes at it', async () => {
    const connection = watched(900_000);
    const tokenExpiresAt = new Date(clock.now() + 900_000).toISOString();
    await clock.advance(839_900);
    expect(connection.pushes).toEqual([]);
    await clock.advance(600);
    expect(connection.pushes).toEqual([{ event: 'auth.expiring', data: { tokenExpiresAt } }]);
    await clock.advance(59_400);
    expect(connection.closed).toBeUndefined();
    await clock.advance(600);
    expect(connection.closed).toEqual(EXPIRED);
    expect(connection.pushes).toHaveLength(1);
  });

  it('warns at once when less than 60 s are left', async () => {
    const connection = watched(5_000);
    expect(connection.pushes).toHaveLength(1);
    await clock.advance(4_900);
    expect(connection.closed).toBeUndefined();
    await clock.advance(600);
    expect(connection.closed).toEqual(EXPIRED);
  });

  it('closes at once what is over already', () => {
    expect(watched(0).closed).toEqual(EXPIRED);
  });

  it('never closes a credential without an end', async () => {
    const connection = new RecordedConnection({ userId: 'ann', sessionId: 's1', expiresAtMs: null });
    ends.watch(connection);
    await clock.advance(10_000_000);
    expect(connection).toMatchObject({ closed: undefined, pushes: [] });
  });

  it('lets a prolonged connection live, and warns it again', async () => {
    const connection = watched(30_000);
    await clock.advance(20_000);
    connection.prolong(clock.now() + 120_000);
    ends.watch(connection);
    await clock.advance(59_000);
    expect(connection).toMatchObject({ closed: undefined, pushes: [{}] });
    await clock.advance(2_000);
    expect(connection.pushes).toHaveLength(2);
    await clock.advance(60_000);
    expect(connection.closed).toEqual(EXPIRED);
  });

  it('tells a forgotten connection nothing', async () => {
    const connection = watched(70_000);
    ends.forget(connection);
    await clock.advance(100_000);
    expect(connection).toMatchObject({ closed: undefined, pushes: [] });
  });

  it('is not moved by a jump of the wall clock (T49)', async () => {
    const connection = watched(900_000);
    clock.jump(3_600_000);
    await clock.advance(1_000);
    expect(connection).toMatchObject({ closed: undefined, pushes: [] });
    clock.jump(-7_200_000);
    await clock.advance(900_000);
    expect(connection.closed).toEqual(EXPIRED);
  });

  it('is at most half a second late for each of many', async () => {
    const all = Array.from({ length: 500 }, (_, i) => ({ lifeMs: i * 97, connection: watched(i * 97) }));
    const wrong: number[] = [];
    for (let elapsed = 0; elapsed <= 50_000; elapsed += 500) {
      for (const { lifeMs, connection } of all) {
        const isOpen = connection.closed === undefined;
        if (isOpen ? lifeMs < elapsed - 500 : lifeMs > elapsed) wrong.push(lifeMs);
      }
      await clock.advance(500);
    }
    expect(wrong).toEqual([]);
  });
});
