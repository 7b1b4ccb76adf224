import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  RequestFailed,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';

interface SyncedRoom {
  readonly room: Json & { readonly id: string; readonly head: number };
  readonly events: readonly (Json & { readonly seq: number })[];
  readonly hasMore: boolean;
  readonly reset?: true;
}

interface Synced {
  readonly epoch: string;
  readonly rooms: readonly SyncedRoom[];
  readonly removed: readonly string[];
  readonly reads: readonly Json[];
  readonly since: string;
  readonly nextCursor: string | null;
}

describe('room.sync', () => {
  let server: TestServer;
  let ann: TestClient;
  let bob: TestClient;
  let annId: unknown;
  let bobId: unknown;
  let sent = 0;

  beforeAll(async () => {
    server = await startServer({
      env: { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0', MAX_ANSWER_BYTES: '20000' },
    });
    ann = await server.connect('sync-ann');
    bob = await server.connect('sync-bob');
    annId = (ann.ready['user'] as Json)['id'];
    bobId = (bob.ready['user'] as Json)['id'];
  });

  afterAll(async () => {
    await server.close();
  });

  async function send(client: TestClient, roomId: string, text: string): Promise<number> {
    const { message } = await client.request('message.send', {
      roomId,
      text,
      clientId: `sync-send-${(sent += 1)}`,
    });
    return (message as Json)['seq'] as number;
  }

  async function group(name: string): Promise<string> {
    const { room } = await ann.request('room.create', { kind: 'group', name, memberIds: [bobId] });
    return String((room as Json)['id']);
  }

  async function sync(client: TestClient, request: object): Promise<Synced> {
    return (await client.request('room.sync', request)) as unknown as Synced;
  }

  it('gives a client that was away everything it missed, as it was pushed', async () => {
    const roomId = await group('away');
    const before = await send(ann, roomId, 'before');
    const carol = await server.connect('sync-bob');
    await carol.terminate();
    for (let count = 0; count < 5; count += 1) await send(ann, roomId, `missed ${count}`);
    const back = await server.connect('sync-bob');
    const { rooms, removed, nextCursor } = await sync(back, { rooms: { [roomId]: before }, rest: 'none' });
    expect(rooms).toHaveLength(1);
    const [{ room, events, hasMore }] = rooms as [SyncedRoom];
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5].map((step) => before + step));
    expect(room).toMatchObject({ id: roomId, head: before + 5, role: 'member', unread: 6 });
    expect({ hasMore, removed, nextCursor }).toEqual({ hasMore: false, removed: [], nextCursor: null });
    const pushed = await ann.next(
      'room.event',
      (data) => data['roomId'] === roomId && data['seq'] === before + 1,
    );
    expect(events[0]).toEqual(pushed);
  });

  it('leaves out what is up to date, and stops at the limit', async () => {
    const roomId = await group('limit');
    const head = await send(ann, roomId, 'only');
    expect((await sync(bob, { rooms: { [roomId]: head }, rest: 'none' })).rooms).toEqual([]);
    const { rooms } = await sync(bob, { rooms: { [roomId]: 0 }, rest: 'none', limit: 2 });
    expect(rooms[0]).toMatchObject({ hasMore: true, events: [{ seq: 1 }, { seq: 2 }] });
    const { rooms: more } = await sync(bob, { rooms: { [roomId]: 2 }, rest: 'none' });
    expect(more[0]?.events.at(-1)?.seq).toBe(head);
    expect(more[0]?.hasMore).toBe(false);
  });

  it('shows the newest events of rooms that were not named, unless told not to', async () => {
    const roomId = await group('unnamed');
    const head = await send(ann, roomId, 'newest');
    const { rooms } = await sync(bob, { limit: 1 });
    const mine = rooms.find(({ room }) => room.id === roomId);
    expect(mine).toMatchObject({ hasMore: false, events: [{ seq: head }] });
    expect(mine).not.toHaveProperty('reset');
    expect((await sync(bob, { rest: 'none' })).rooms).toEqual([]);
  });

  it('resets a client of another epoch, and one that is beyond the head', async () => {
    const roomId = await group('reset');
    const head = await send(ann, roomId, 'one');
    const { epoch } = await sync(bob, { rest: 'none' });
    expect(epoch).toBe(bob.ready['epoch']);
    for (const request of [
      { epoch: 'another', rooms: { [roomId]: head } },
      { epoch, rooms: { [roomId]: head + 7 } },
    ]) {
      const { rooms } = await sync(bob, { ...request, rest: 'none', limit: 2 });
      expect(rooms).toMatchObject([
        { reset: true, hasMore: false, events: [{ seq: head - 1 }, { seq: head }] },
      ]);
    }
  });

  it('names the rooms in which the caller is not a member any more', async () => {
    const roomId = await group('removed');
    await bob.request('room.leave', { roomId });
    const { removed, rooms } = await sync(bob, { rooms: { [roomId]: 1, 'no-such-room': 4 }, rest: 'none' });
    expect(removed).toEqual([roomId, 'no-such-room']);
    expect(rooms).toEqual([]);
  });

  it('pages through rooms in the order of the first page, whatever happens meanwhile', async () => {
    const roomIds: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const roomId = await group(`page ${count}`);
      roomIds.push(roomId);
      for (let step = 0; step < 3; step += 1) await send(ann, roomId, 'x'.repeat(2000));
    }
    const rooms = Object.fromEntries(roomIds.map((roomId) => [roomId, 0]));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Synced = await sync(bob, { rooms, rest: 'none', ...(cursor !== null && { cursor }) });
      expect(JSON.stringify(page).length).toBeLessThan(26_000);
      seen.push(...page.rooms.map(({ room }) => room.id));
      cursor = page.nextCursor;
      await send(ann, roomIds[seen.length % 8] ?? '', 'meanwhile');
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(roomIds.toSorted());
    expect(seen.slice(0, 3)).toEqual(roomIds.toReversed().slice(0, 3));
  });

  it('tells of read positions that changed since', async () => {
    const roomId = await group('reads');
    const head = await send(ann, roomId, 'read me');
    const { since, reads } = await sync(bob, { rest: 'none' });
    expect(reads).toEqual([]);
    expect((await sync(bob, { rest: 'none', since })).reads).toEqual([]);
    await bob.request('message.read', { roomId, seq: head });
    const after = await sync(bob, { rest: 'none', since });
    expect(after.reads).toEqual([{ roomId, readSeq: head, unread: 0, mentions: 0, muted: false }]);
    expect((await sync(ann, { rest: 'none', since })).reads).toEqual([]);
  });

  it('refuses what is not of its shape', async () => {
    for (const request of [
      { rooms: { room: -1 } },
      { rooms: { room: 1.5 } },
      { rooms: { room: '1' } },
      { rooms: [] },
      { rest: 'all' },
      { limit: 0 },
      { limit: 201 },
      { cursor: 'made-up' },
      { since: 'yesterday' },
      { unknown: true },
    ]) {
      const failure = await bob.request('room.sync', request).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RequestFailed);
      expect(failure).toMatchObject({ code: 'VALIDATION_FAILED' });
    }
    expect(annId).not.toBe(bobId);
  });
});
