import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let eve: TestClient;
let ids: Readonly<Record<'ann' | 'bob' | 'eve', string>>;

beforeAll(async () => {
  server = await startServer();
  [ann, bob, eve] = await Promise.all([server.connect('ann'), server.connect('bob'), server.connect('eve')]);
  const users = await Promise.all(['ann', 'bob', 'eve'].map(async (name) => server.user(name)));
  ids = Object.fromEntries(users.map(({ username, id }) => [username, id])) as typeof ids;
});

afterAll(async () => server.close());

const NOWHERE = '0197f2a4-0000-7000-8000-000000000000';

/** A room of ann and bob. */
async function create(values: object = {}): Promise<string> {
  const { room } = await ann.request('room.create', { kind: 'channel', memberIds: [ids.bob], ...values });
  return String((room as Json)['id']);
}

/** What a failure says, without where it was said. */
async function failure(request: Promise<unknown>): Promise<Json> {
  const said = await request.then(
    (): Json => ({ code: 'no failure' }),
    (reason: { data: Json }) => reason.data,
  );
  const kept = ['code', 'details', 'retryAfterMs'].filter((property) => property in said);
  return Object.fromEntries(kept.map((property) => [property, said[property]]));
}

const eventOf = async (client: TestClient, room: string, type: string) =>
  client.next('room.event', (data) => data['roomId'] === room && data['type'] === type);

let lastSend = 0;

async function send(client: TestClient, roomId: string): Promise<Json> {
  lastSend += 1;
  const { message } = await client.request('message.send', {
    roomId,
    text: 'hi',
    clientId: `client-id-${lastSend}`,
  });
  return message as Json;
}

describe('room.update', () => {
  it('answers with the room, and tells everyone what anyone sees of it', async () => {
    const roomId = await create({ name: 'barn' });
    const { room } = await ann.request('room.update', { roomId, name: 'shed', topic: 'tools\nand toys' });
    expect(room).toMatchObject({ name: 'shed', topic: 'tools\nand toys', role: 'owner', head: 3 });
    const event = await eventOf(bob, roomId, 'room.updated');
    expect(event).toMatchObject({ seq: 3, actorId: ids.ann });
    expect(event['room']).toEqual({
      id: roomId,
      kind: 'channel',
      name: 'shed',
      topic: 'tools\nand toys',
      createdAt: expect.any(String),
      archivedAt: null,
      head: 3,
      floor: 1,
      memberCount: 2,
    });
    const { events } = await syncOf(bob, roomId, 2);
    expect(events).toEqual([event]);
  });

  it('tells nothing when nothing changes', async () => {
    const roomId = await create({ name: 'barn' });
    await expect(ann.request('room.update', { roomId, name: 'barn' })).resolves.toMatchObject({
      room: { head: 2 },
    });
  });

  it.each([
    ['name', ''],
    ['name', 'x'.repeat(101)],
    ['name', 'a\nb'],
    ['name', null],
    ['topic', 'x'.repeat(501)],
    ['topic', 7],
    ['color', 'red'],
  ])('refuses the %s %j', async (path, value) => {
    const refused = await failure(ann.request('room.update', { roomId: NOWHERE, [path]: value }));
    expect(refused).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: expect.arrayContaining([expect.objectContaining({ path })]),
    });
  });
});

async function syncOf(client: TestClient, roomId: string, seq: number): Promise<Json> {
  const answer = await client.request('room.sync', { rooms: { [roomId]: seq }, rest: 'none' });
  return ((answer['rooms'] as Json[])[0] ?? { events: [] }) as Json;
}

describe('room.archive', () => {
  it('ends writing, not reading', async () => {
    const roomId = await create();
    const { seq } = await send(bob, roomId);
    const { room } = await ann.request('room.archive', { roomId });
    expect(room).toMatchObject({ archivedAt: expect.stringMatching(/Z$/), head: 4 });
    expect(await eventOf(bob, roomId, 'room.archived')).toMatchObject({ seq: 4, actorId: ids.ann });
    expect(await failure(send(ann, roomId))).toEqual({ code: 'FORBIDDEN' });
    expect(await failure(eve.request('room.join', { roomId }))).toEqual({ code: 'FORBIDDEN' });
    const history = await bob.request('message.history', { roomId });
    expect(history['messages']).toEqual([expect.objectContaining({ seq })]);
    await bob.request('message.read', { roomId, seq });
    await bob.request('room.mute', { roomId });
    await expect(ann.request('room.archive', { roomId })).resolves.toMatchObject({ room: { head: 4 } });
  });
});

describe('room.remove', () => {
  it.each([
    [false, 'removed'],
    [true, 'banned'],
  ])('with ban %j tells the removed user last', async (ban, reason) => {
    const roomId = await create();
    await expect(ann.request('room.remove', { roomId, userId: ids.bob, ban })).resolves.toEqual({});
    const left = await eventOf(bob, roomId, 'member.left');
    expect(left).toMatchObject({ seq: 3, actorId: ids.ann, userId: ids.bob, role: 'member' });
    expect(left['banned']).toBe(ban ? true : undefined);
    expect(await bob.next('room.removed', (data) => data['roomId'] === roomId)).toEqual({ roomId, reason });
    await send(ann, roomId);
    await bob.request('room.list');
    expect(
      bob.waiting('room.event').filter(({ data }) => data['roomId'] === roomId && Number(data['seq']) > 3),
    ).toEqual([]);
    const sync = await bob.request('room.sync', { rooms: { [roomId]: 2 }, rest: 'none' });
    expect(sync).toMatchObject({ rooms: [], removed: [roomId] });
  });

  it('lets a removed user come back, and a banned one only after room.unban', async () => {
    const roomId = await create();
    await ann.request('room.remove', { roomId, userId: ids.bob });
    await expect(bob.request('room.join', { roomId })).resolves.toMatchObject({ room: { role: 'member' } });
    await ann.request('room.remove', { roomId, userId: ids.bob, ban: true });
    expect(await failure(bob.request('room.join', { roomId }))).toEqual({ code: 'FORBIDDEN' });
    await expect(ann.request('room.add', { roomId, userIds: [ids.bob] })).resolves.toEqual({ added: [] });
    await expect(ann.request('room.unban', { roomId, userId: ids.bob })).resolves.toEqual({});
    await expect(bob.request('room.join', { roomId })).resolves.toMatchObject({ room: { role: 'member' } });
  });

  it('does not know a user who does not exist', async () => {
    const roomId = await create();
    expect(await failure(ann.request('room.remove', { roomId, userId: NOWHERE }))).toEqual({
      code: 'NOT_FOUND',
    });
  });

  it.each([
    ['userId', { userId: '' }],
    ['userId', { userId: undefined }],
    ['ban', { ban: 'yes' }],
    ['ban', { ban: null }],
    ['roomId', { roomId: 7 }],
  ])('refuses a wrong %s', async (path, values) => {
    const refused = await failure(
      ann.request('room.remove', { roomId: NOWHERE, userId: ids.bob, ...values }),
    );
    expect(refused).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: expect.arrayContaining([expect.objectContaining({ path })]),
    });
  });
});

describe('room.role', () => {
  it('hands a room over', async () => {
    const roomId = await create();
    await expect(ann.request('room.role', { roomId, userId: ids.bob, role: 'owner' })).resolves.toEqual({});
    expect(await eventOf(bob, roomId, 'member.role')).toMatchObject({ userId: ids.bob, role: 'owner' });
    expect(await eventOf(bob, roomId, 'member.role')).toMatchObject({ userId: ids.ann, role: 'admin' });
    await expect(ann.request('room.get', { roomId })).resolves.toMatchObject({ room: { role: 'admin' } });
    const { members } = await bob.request('room.members', { roomId });
    expect((members as Json[]).map(({ role }) => role)).toEqual(['admin', 'owner']);
  });

  it.each([[undefined], ['king'], [null], [['admin']]])('refuses the role %j', async (role) => {
    const refused = await failure(ann.request('room.role', { roomId: NOWHERE, userId: ids.bob, role }));
    expect(refused).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path: 'role' }] });
  });
});

describe('room.silence', () => {
  it('keeps a member from sending until it is over', async () => {
    const roomId = await create();
    await expect(ann.request('room.silence', { roomId, userId: ids.bob, seconds: 60 })).resolves.toEqual({});
    const refused = await failure(send(bob, roomId));
    expect(refused).toEqual({ code: 'FORBIDDEN', retryAfterMs: expect.any(Number) });
    expect(refused['retryAfterMs']).toBeGreaterThan(55_000);
    expect(refused['retryAfterMs']).toBeLessThanOrEqual(60_000);
    await ann.request('room.silence', { roomId, userId: ids.bob, seconds: 0 });
    await send(bob, roomId);
  });

  it.each([[undefined], [-1], [1.5], [31_536_001], ['60']])('refuses %j seconds', async (seconds) => {
    const refused = await failure(ann.request('room.silence', { roomId: NOWHERE, userId: ids.bob, seconds }));
    expect(refused).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: expect.arrayContaining([expect.objectContaining({ path: 'seconds' })]),
    });
  });
});
