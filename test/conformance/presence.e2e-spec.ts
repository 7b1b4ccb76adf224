import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, TestClient, TestTarget } from 'parley/testing';
import {
  codeOf,
  createRoom,
  expectShape,
  failure,
  ISO_TIME,
  NOBODY,
  pathsOf,
  serve,
  type Service,
} from './contract.js';

const GRACE_MS = 400;
const IDLE_MS = 1000;

describe('presence.*', () => {
  let service: Service;
  let target: TestTarget;
  let ann: TestClient;
  let annId: string;
  let name: string;
  let bob: TestClient;
  let bobId: string;
  let roomId: string;
  let users = 0;

  beforeAll(async () => {
    service = await serve({ PRESENCE_GRACE_MS: `${GRACE_MS}`, PRESENCE_IDLE_MS: '600000' });
    target = service.process;
    annId = (await target.user('ann')).id;
  });
  afterAll(() => service.stop());
  afterEach(() => Promise.all([ann.terminate(), bob.terminate()]));
  beforeEach(async () => {
    ann = await target.connect('ann');
    name = `bob${++users}`;
    bob = await target.connect(name);
    bobId = (await target.user(name)).id;
    roomId = String((await createRoom(ann, { kind: 'group', memberIds: [bobId] }))['id']);
  });

  const seen = async (userId: string, client = ann): Promise<Json> => {
    const { presences, ...rest } = await client.request('presence.get', { userIds: [userId] });
    expect(rest).toEqual({});
    expect(presences).toHaveLength(1);
    expectShape(presences[0], 'presence');
    return presences[0] as Json;
  };
  const change = (of = bobId): Promise<Json> => ann.next('presence.changed', (data) => data['userId'] === of);
  const watch = async (data: object = { userIds: [bobId] }): Promise<Json[]> => {
    const { presences, ...rest } = await ann.request('presence.watch', data);
    expect(rest).toEqual({});
    for (const presence of presences) expectShape(presence, 'presence');
    return presences as Json[];
  };

  it('tells who is online', async () => {
    expect(await seen(bobId)).toMatchObject({ userId: bobId, status: 'online' });
    const both = await ann.request('presence.get', { userIds: [annId, bobId] });
    expect(both['presences']).toMatchObject([{ userId: annId }, { userId: bobId }]);
  });

  it.each(['online', 'away', 'dnd'])('is set to %s', async (status) => {
    await watch();
    const answer = await bob.request('presence.set', { status, text: 'a text' });
    expect(Object.keys(answer)).toEqual(['presence']);
    expect(answer['presence']).toMatchObject({ status, text: 'a text' });
    expect(await seen(bobId)).toMatchObject({ status, text: 'a text' });
    const pushed = await change();
    expectShape(pushed, 'presence');
    expect(pushed).toMatchObject({ userId: bobId, status, text: 'a text' });
  });

  it('shows the invisible as offline to others (T35)', async () => {
    await watch();
    const { presence } = await bob.request('presence.set', { status: 'invisible', text: 'hidden' });
    expect(presence).toMatchObject({ status: 'invisible' });
    expect(await change()).toMatchObject({ status: 'offline' });
    const { presences } = await ann.request('presence.get', { userIds: [bobId] });
    expect(presences[0]).toMatchObject({ userId: bobId, status: 'offline' });
    expect(JSON.stringify(presences)).not.toContain('hidden');
    await bob.close();
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS + 300));
    await ann.expectSilence('presence.changed');
    expect(await seen(bobId)).toEqual(presences[0]);
  });

  it('takes a text of 0–100 characters, and no other status', async () => {
    const text = '𝄞'.repeat(100);
    expect(await bob.request('presence.set', { status: 'online', text })).toMatchObject({
      presence: { text },
    });
    const { presence } = await bob.request('presence.set', { status: 'online', text: '' });
    expect(presence.text).toBeFalsy();
    for (const refused of ['x'.repeat(101), '𝄞'.repeat(101), 'a\ud800', 7])
      expect(await pathsOf(bob, 'presence.set', { status: 'online', text: refused })).toEqual(['text']);
    for (const status of ['offline', 'busy', '', 7, undefined])
      expect(await pathsOf(bob, 'presence.set', { status })).toEqual(['status']);
    for (const until of ['tomorrow', 7, '2020-13-01T00:00:00Z'])
      expect(await pathsOf(bob, 'presence.set', { status: 'dnd', until })).toEqual(['until']);
  });

  it('ends a status at its time', async () => {
    await watch();
    const until = new Date(Date.now() + 1000).toISOString();
    await bob.request('presence.set', { status: 'dnd', text: 'lunch', until });
    expect(await change()).toMatchObject({ status: 'dnd', text: 'lunch' });
    expect(await change()).toMatchObject({ status: 'online' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until) - 50);
  });

  it('keeps a status over reconnects', async () => {
    await bob.request('presence.set', { status: 'dnd', text: 'busy' });
    await watch();
    await bob.close();
    expect(await change()).toMatchObject({ status: 'offline' });
    await target.connect(name);
    expect(await change()).toMatchObject({ status: 'dnd', text: 'busy' });
  });

  it('goes offline only after the grace, from the last of one’s connections', async () => {
    await watch();
    const second = await target.connect(name);
    await bob.close();
    const third = await target.connect(name);
    await second.close();
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS + 300));
    expect(await seen(bobId)).toMatchObject({ status: 'online' });
    expect(ann.waiting('presence.changed')).toEqual([]);
    const closed = Date.now();
    await third.close();
    expect(await seen(bobId)).toMatchObject({ status: 'online' });
    const gone = await change();
    expect(Date.now() - closed).toBeGreaterThanOrEqual(GRACE_MS - 20);
    expect(Date.now() - closed).toBeLessThan(GRACE_MS + 2000);
    expectShape(gone, 'presence');
    expect(gone).toMatchObject({ status: 'offline', lastSeenAt: expect.stringMatching(ISO_TIME) });
    expect(Math.abs(Date.parse(gone['lastSeenAt']) - closed)).toBeLessThan(1500);
    expect(await seen(bobId)).toEqual(gone);
  });

  it('makes no noise of a quick reconnect', async () => {
    await watch();
    await bob.terminate();
    const again = await target.connect(name);
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS + 300));
    await ann.expectSilence('presence.changed');
    await again.close();
    await change();
  });

  it('shows strangers as offline, like who does not exist (T35)', async () => {
    const stranger = await target.connect('stranger');
    await bob.request('presence.set', { status: 'dnd', text: 'secret' });
    const { presences } = await stranger.request('presence.get', { userIds: [bobId, NOBODY] });
    expect(presences.map((one: Json) => ({ ...one, userId: '' }))).toEqual([
      { userId: '', status: 'offline', text: presences[1].text, lastSeenAt: null },
      { userId: '', status: 'offline', text: presences[1].text, lastSeenAt: null },
    ]);
    const watched = await stranger.request('presence.watch', { userIds: [bobId] });
    expect(watched).toMatchObject({ presences: [{ status: 'offline', lastSeenAt: null }] });
    await bob.request('presence.set', { status: 'online', text: '' });
    await stranger.expectSilence('presence.changed');
    await stranger.close();
  });

  it('is watched by room, until the membership ends', async () => {
    const presences = await watch({ roomId });
    expect(presences.find((one) => one['userId'] === bobId)).toMatchObject({ status: 'online' });
    await bob.request('presence.set', { status: 'away' });
    expect(await change()).toMatchObject({ status: 'away' });
    const own = await createRoom(bob, { kind: 'group', memberIds: [annId] });
    await ann.request('room.leave', { roomId });
    await bob.request('presence.set', { status: 'dnd' });
    await ann.expectSilence('presence.changed');
    expect(await seen(bobId)).toMatchObject({ status: 'dnd' });
    await ann.request('room.leave', { roomId: own['id'] });
    expect(await seen(bobId)).toMatchObject({ status: 'offline', lastSeenAt: null });
  });

  it('tells a watcher of a room who joins it later', async () => {
    const { id } = await createRoom(ann, { kind: 'channel' });
    await watch({ roomId: id });
    const late = await target.connect('late');
    await late.request('room.join', { roomId: id });
    const lateId = (await target.user('late')).id;
    await late.request('presence.set', { status: 'dnd' });
    const told = await ann.next(
      'presence.changed',
      (data) => data['userId'] === lateId && data['status'] === 'dnd',
    );
    expectShape(told, 'presence');
    await late.close();
  });

  it('stops to tell who is no longer watched', async () => {
    await watch();
    await expect(ann.request('presence.unwatch', { userIds: [bobId] })).resolves.toEqual({});
    await bob.request('presence.set', { status: 'dnd' });
    await ann.expectSilence('presence.changed');
    await watch({ roomId });
    await expect(ann.request('presence.unwatch', { roomId })).resolves.toEqual({});
    await bob.request('presence.set', { status: 'away' });
    await ann.expectSilence('presence.changed');
  });

  it('watches for the connection that asked alone', async () => {
    const other = await target.connect('ann');
    await other.request('presence.watch', { userIds: [bobId] });
    await bob.request('presence.set', { status: 'dnd' });
    await other.next('presence.changed');
    await ann.expectSilence('presence.changed');
    await other.close();
  });

  it('hides rooms of others, and bounds its lists at 200 (T35)', async () => {
    const foreign = await createRoom(bob, { kind: 'group' });
    const unknown = await failure(ann, 'presence.watch', { roomId: NOBODY });
    expect(unknown).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failure(ann, 'presence.watch', { roomId: foreign['id'] })).toEqual(unknown);
    const many = Array.from({ length: 201 }, (_, i) => `nobody-${i}`);
    for (const event of ['presence.get', 'presence.watch'])
      expect(await pathsOf(ann, event, { userIds: many })).toEqual(['userIds']);
    const { presences } = await ann.request('presence.get', { userIds: many.slice(1) });
    expect(presences).toHaveLength(200);
    expect(await codeOf(ann, 'presence.get', {})).toBe('VALIDATION_FAILED');
    expect(await codeOf(ann, 'presence.get', { userIds: [bobId], more: 1 })).toBe('VALIDATION_FAILED');
  });
});

describe('presence of the idle', () => {
  it('is away until a frame comes, and pongs are none', async () => {
    const { process, stop } = await serve({ PRESENCE_IDLE_MS: `${IDLE_MS}`, HEARTBEAT_MS: '500' });
    const [ann, bob] = [await process.connect('ann'), await process.connect('bob')];
    const bobId = (await process.user('bob')).id;
    await createRoom(ann, { kind: 'group', memberIds: [bobId] });
    await ann.request('presence.watch', { userIds: [bobId] });
    const started = Date.now();
    await bob.request('auth.whoami');
    expect(await ann.next('presence.changed')).toMatchObject({ userId: bobId, status: 'away' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(IDLE_MS - 50);
    await bob.request('auth.whoami');
    expect(await ann.next('presence.changed')).toMatchObject({ userId: bobId, status: 'online' });
    await stop();
  });

  it('goes offline at once without a grace', async () => {
    const { process, stop } = await serve({ PRESENCE_GRACE_MS: '0' });
    const [ann, bob] = [await process.connect('ann'), await process.connect('bob')];
    const bobId = (await process.user('bob')).id;
    await createRoom(ann, { kind: 'group', memberIds: [bobId] });
    await ann.request('presence.watch', { userIds: [bobId] });
    const closed = Date.now();
    await bob.close();
    expect(await ann.next('presence.changed')).toMatchObject({ userId: bobId, status: 'offline' });
    expect(Date.now() - closed).toBeLessThan(2000);
    await stop();
  });
});
