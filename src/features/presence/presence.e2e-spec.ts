import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../testing/index.js';

const GRACE_MS = 5000;
const IDLE_MS = 300_000;

const idOf = (client: TestClient): string => String((client.ready['user'] as Json)['id']);

describe('presence', () => {
  let server: TestServer;
  const clock = new ManualClock();
  let names = 0;

  beforeAll(async () => {
    server = await startServer({
      clock,
      env: { HEARTBEAT_MS: '600000', RATE_FRAMES_PER_S: '0', ACCESS_TOKEN_TTL: '86400' },
    });
  });

  afterAll(async () => {
    await server.close();
  });

  /** Lets a little time pass again and again until what is awaited has come. */
  async function passing<Result>(awaited: Promise<Result>): Promise<Result> {
    let isDone = false;
    const finish = (): void => void (isDone = true);
    awaited.then(finish, finish);
    while (!isDone) {
      await clock.advance(20);
      await pause(2);
    }
    return await awaited;
  }

  /** Lets everything that was set off come to its end, within less than a second of the clock. */
  async function settled(): Promise<void> {
    for (let turn = 0; turn < 8; turn += 1) {
      await clock.advance(60);
      await pause(5);
    }
  }

  async function pair(): Promise<{ ann: TestClient; bob: TestClient; bobName: string; roomId: string }> {
    names += 1;
    const bobName = `presence-bob-${names}`;
    const ann = await server.connect(`presence-ann-${names}`);
    const bob = await server.connect(bobName);
    const { room } = await ann.request('room.create', { kind: 'group', name: 'us', memberIds: [idOf(bob)] });
    return { ann, bob, bobName, roomId: String((room as Json)['id']) };
  }

  async function presencesOf(client: TestClient, ...userIds: string[]): Promise<Json[]> {
    return (await client.request('presence.get', { userIds }))['presences'] as Json[];
  }

  it('reads those who share a room, and of others no more than that they are offline', async () => {
    const { ann, bob } = await pair();
    const stranger = await server.connect('presence-stranger');
    await stranger.request('presence.set', { status: 'dnd', text: 'secret' });
    const unseen = { status: 'offline', text: null, lastSeenAt: null };
    expect(await presencesOf(ann, idOf(bob), idOf(stranger), 'nobody', idOf(bob))).toEqual([
      { userId: idOf(bob), status: 'online', text: null, lastSeenAt: null },
      { userId: idOf(stranger), ...unseen },
      { userId: 'nobody', ...unseen },
    ]);
  });

  it('pushes what a user sets, until it ends by itself', async () => {
    const { ann, bob } = await pair();
    const { presences } = await ann.request('presence.watch', { userIds: [idOf(bob)] });
    expect(presences).toMatchObject([{ userId: idOf(bob), status: 'online' }]);
    const until = new Date(clock.now() + 60_000).toISOString();
    const { presence } = await bob.request('presence.set', { status: 'dnd', text: 'in a meeting', until });
    expect(presence).toMatchObject({ userId: idOf(bob), status: 'dnd', text: 'in a meeting' });
    const changed = await passing(ann.next('presence.changed'));
    expect(changed).toEqual({ userId: idOf(bob), status: 'dnd', text: 'in a meeting', lastSeenAt: null });
    await bob.request('presence.set', { status: 'dnd', text: 'in a meeting', until });
    await settled();
    await ann.expectSilence('presence.changed');
    await clock.advance(60_000);
    expect(await passing(ann.next('presence.changed'))).toMatchObject({ status: 'online', text: null });
  });

  it('hides who is invisible from everyone else, and the time with it', async () => {
    const { ann, bob, bobName } = await pair();
    await ann.request('presence.watch', { userIds: [idOf(bob)] });
    const since = clock.isoNow();
    const { presence } = await bob.request('presence.set', { status: 'invisible', text: 'hidden' });
    expect(presence).toMatchObject({ status: 'invisible', text: 'hidden' });
    const gone = { userId: idOf(bob), status: 'offline', text: null, lastSeenAt: since };
    expect(await passing(ann.next('presence.changed'))).toEqual(gone);
    await bob.close();
    await clock.advance(2 * GRACE_MS);
    const again = await server.connect(bobName);
    await settled();
    expect(await presencesOf(again, idOf(bob))).toMatchObject([{ status: 'invisible', text: 'hidden' }]);
    expect(await presencesOf(ann, idOf(bob))).toEqual([gone]);
    await ann.expectSilence('presence.changed');
  });

  it('calls a user offline only after the grace period, and says when they were last seen', async () => {
    const { ann, bob, bobName } = await pair();
    await ann.request('presence.watch', { userIds: [idOf(bob)] });
    await bob.terminate();
    await settled();
    const again = await server.connect(bobName);
    await clock.advance(2 * GRACE_MS);
    await settled();
    await ann.expectSilence('presence.changed');
    const closedAtMs = clock.now();
    await again.terminate();
    await settled();
    await clock.advance(GRACE_MS - 1000);
    await settled();
    await ann.expectSilence('presence.changed');
    await clock.advance(1000);
    const changed = await passing(ann.next('presence.changed'));
    expect(changed).toMatchObject({ userId: idOf(bob), status: 'offline' });
    expect(Date.parse(String(changed['lastSeenAt'])) - closedAtMs).toBeLessThan(1000);
    await server.connect(bobName);
    expect(await passing(ann.next('presence.changed'))).toMatchObject({ status: 'online', lastSeenAt: null });
  });

  it('is away when every connection is idle, and back when one is used', async () => {
    const { ann, bob, bobName } = await pair();
    const second = await server.connect(bobName);
    await ann.request('presence.watch', { userIds: [idOf(bob)] });
    await clock.advance(IDLE_MS / 2);
    await second.request('auth.whoami');
    await clock.advance(IDLE_MS / 2 + 2000);
    await settled();
    await ann.expectSilence('presence.changed');
    await clock.advance(IDLE_MS / 2);
    expect(await passing(ann.next('presence.changed'))).toMatchObject({ status: 'away' });
    await bob.request('auth.whoami');
    expect(await passing(ann.next('presence.changed'))).toMatchObject({ status: 'online' });
  });

  it('begins and ends with a shared room', async () => {
    const ann = await server.connect('presence-sharing-ann');
    const bob = await server.connect('presence-sharing-bob');
    const { presences } = await ann.request('presence.watch', { userIds: [idOf(bob)] });
    expect(presences).toEqual([{ userId: idOf(bob), status: 'offline', text: null, lastSeenAt: null }]);
    const { room } = await ann.request('room.create', { kind: 'group', name: 'us', memberIds: [idOf(bob)] });
    expect(await passing(ann.next('presence.changed'))).toMatchObject({
      userId: idOf(bob),
      status: 'online',
    });
    await bob.request('room.leave', { roomId: String((room as Json)['id']) });
    expect(await passing(ann.next('presence.changed'))).toMatchObject({
      status: 'offline',
      lastSeenAt: null,
    });
    await bob.request('presence.set', { status: 'away' });
    await settled();
    await ann.expectSilence('presence.changed');
  });

  it('watches a room as its members change, for as long as the watcher is one', async () => {
    const { ann, bob, roomId } = await pair();
    const { presences } = await bob.request('presence.watch', { roomId });
    expect((presences as Json[]).map(({ userId }) => userId)).toEqual([idOf(ann), idOf(bob)]);
    const carol = await server.connect(`presence-carol-${names}`);
    await ann.request('room.add', { roomId, userIds: [idOf(carol)] });
    const came = await passing(bob.next('presence.changed'));
    expect(came).toMatchObject({ userId: idOf(carol), status: 'online' });
    await bob.request('room.leave', { roomId });
    const gone = [await passing(bob.next('presence.changed')), await passing(bob.next('presence.changed'))];
    expect(new Map(gone.map(({ userId, status }) => [userId, status]))).toEqual(
      new Map([
        [idOf(ann), 'offline'],
        [idOf(carol), 'offline'],
      ]),
    );
    await carol.request('presence.set', { status: 'dnd' });
    await settled();
    await bob.expectSilence('presence.changed');
    await expect(bob.request('presence.watch', { roomId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('begins nothing when a part of a request to watch is refused', async () => {
    const { ann, bob, roomId } = await pair();
    const strangers = (first: number, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `stranger-${first + index}`);
    for (let first = 0; first < 1990; first += 199)
      await ann.request('presence.watch', { userIds: strangers(first, 199) });
    const both = { roomId, userIds: strangers(1990, 20) };
    await expect(ann.request('presence.watch', both)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await bob.request('presence.set', { status: 'dnd' });
    await settled();
    await ann.expectSilence('presence.changed');
    const { presences } = await ann.request('presence.watch', { roomId });
    expect(presences).toMatchObject([{ status: 'online' }, { userId: idOf(bob), status: 'dnd' }]);
  });

  it('is silent after unwatch', async () => {
    const { ann, bob, roomId } = await pair();
    await ann.request('presence.watch', { userIds: [idOf(bob)], roomId });
    await ann.request('presence.unwatch', { roomId });
    await bob.request('presence.set', { status: 'away' });
    expect(await passing(ann.next('presence.changed'))).toMatchObject({ status: 'away' });
    await ann.request('presence.unwatch', { userIds: [idOf(bob)] });
    await bob.request('presence.set', { status: 'online' });
    await settled();
    await ann.expectSilence('presence.changed');
  });

  it('hides a user from whom they blocked, at once and until they unblock them', async () => {
    const { ann, bob, roomId } = await pair();
    const others = await server.connect(`presence-others-${names}`);
    await ann.request('room.add', { roomId, userIds: [idOf(others)] });
    await others.request('presence.watch', { roomId });
    await ann.request('presence.watch', { roomId });
    await bob.request('presence.watch', { userIds: [idOf(ann)] });
    const unseen = { userId: idOf(bob), status: 'offline', text: null, lastSeenAt: null };
    await bob.request('user.block', { userId: idOf(ann) });
    expect(await presencesOf(ann, idOf(bob))).toEqual([unseen]);
    expect(await passing(ann.next('presence.changed'))).toEqual(unseen);
    expect((await ann.request('presence.watch', { userIds: [idOf(bob)] }))['presences']).toEqual([unseen]);

    await bob.request('presence.set', { status: 'dnd', text: 'not for ann' });
    expect(await passing(others.next('presence.changed'))).toMatchObject({ text: 'not for ann' });
    expect(await presencesOf(bob, idOf(ann))).toMatchObject([{ status: 'online' }]);
    await settled();
    await ann.expectSilence('presence.changed');
    await bob.expectSilence('presence.changed');

    await bob.request('user.unblock', { userId: idOf(ann) });
    expect(await passing(ann.next('presence.changed'))).toMatchObject({ status: 'dnd', text: 'not for ann' });
    expect(await presencesOf(ann, idOf(bob))).toMatchObject([{ status: 'dnd' }]);
    await others.expectSilence('presence.changed');
  });

  it('refuses what is not of its shape', async () => {
    const { ann } = await pair();
    const past = new Date(clock.now() - 1000).toISOString();
    for (const [event, data] of [
      ['presence.set', { status: 'offline' }],
      ['presence.set', { status: 'online', text: 'x'.repeat(101) }],
      ['presence.set', { status: 'online', until: 'tomorrow' }],
      ['presence.set', { status: 'online', until: past }],
      ['presence.get', { userIds: Array.from({ length: 201 }, String) }],
      ['presence.get', {}],
      ['presence.watch', {}],
      ['presence.watch', { userIds: 'ann' }],
    ] as const) {
      await expect(ann.request(event, data)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    }
    const text = '😀'.repeat(100);
    const { presence } = await ann.request('presence.set', { status: 'online', text });
    expect(presence).toMatchObject({ text });
  });
});
