import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  RequestFailed,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';
import { AttachmentSweeper } from '../attachments/attachment-sweeper.js';
import { ask, FORM_TYPE, uploadForm } from '../attachments/testing.js';
import { LogReader } from '../log/index.js';
import { RetentionSweeper } from './index.js';

const DAY_MS = 86_400_000;
const PERIOD_MS = 600_000;

let server: TestServer;
let clock: ManualClock;
let ann: TestClient;
let bob: TestClient;
let bobId: string;
let lastId = 0;

beforeAll(async () => {
  clock = new ManualClock();
  server = await startServer({
    clock,
    env: {
      RETENTION_DAYS: '7',
      RATE_SENDS_PER_S: '0',
      RATE_FRAMES_PER_S: '0',
      ACCESS_TOKEN_TTL: '315360000',
      REFRESH_TOKEN_TTL: '315360000',
      HEARTBEAT_MS: '86400000',
    },
  });
  ann = await server.connect('retention-ann');
  bob = await server.connect('retention-bob');
  bobId = String((bob.ready['user'] as Json)['id']);
});

afterAll(async () => server.close());

/** Lets days go by, and waits until what is due after them is dropped. */
async function days(count: number): Promise<void> {
  clock.jump(count * DAY_MS);
  await clock.advance(PERIOD_MS);
  await server.get(RetentionSweeper).sweep();
}

/** A group of ann and bob: its head is 2. */
async function group(): Promise<string> {
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  await bob.next('room.added', (added) => (added['room'] as Json)['id'] === room.id);
  return String(room.id);
}

const sending = (roomId: string, text: string, values: object = {}) => ({
  roomId,
  text,
  clientId: `retention-${(lastId += 1)}`,
  ...values,
});

async function send(roomId: string, text: string, values: object = {}, client = ann): Promise<number> {
  const { message } = await client.request('message.send', sending(roomId, text, values));
  return Number(message.seq);
}

async function codeOf(event: string, data: object): Promise<string> {
  const answer: unknown = await ann.request(event, data).catch((error: unknown) => error);
  return answer instanceof RequestFailed ? answer.code : 'a reply';
}

async function seqs(roomId: string, place: object = {}): Promise<[number[], boolean]> {
  const page = await bob.request('message.history', { roomId, ...place });
  return [(page['messages'] as Json[]).map(({ seq }) => Number(seq)), page['hasMore'] as boolean];
}

async function roomOf(client: TestClient, roomId: string): Promise<Json> {
  return (await client.request('room.get', { roomId }))['room'] as Json;
}

describe('a room with old events', () => {
  let roomId: string;
  let firstSend: ReturnType<typeof sending>;

  beforeAll(async () => {
    roomId = await group();
    firstSend = sending(roomId, 'quokka one');
    await ann.request('message.send', firstSend);
    await send(roomId, 'quokka two @retention-bob');
    await send(roomId, 'quokka three', { threadSeq: 3 });
    await ann.request('message.pin', { roomId, seq: 4 });
    await days(5);
    await send(roomId, 'quokka four', { threadSeq: 3 });
    await send(roomId, 'quokka five');
    expect(await roomOf(bob, roomId)).toMatchObject({ floor: 1, unread: 3, mentions: 1 });
    await days(3);
  });

  it('begins at its floor, and counts from there', async () => {
    expect(await roomOf(bob, roomId)).toMatchObject({
      head: 8,
      floor: 7,
      memberCount: 2,
      readSeq: 2,
      unread: 1,
      mentions: 0,
      lastMessage: { seq: 8 },
    });
  });

  it('has a history that ends at the floor', async () => {
    expect(await seqs(roomId)).toEqual([[7, 8], false]);
    expect(await seqs(roomId, { before: 8 })).toEqual([[7], false]);
    expect(await seqs(roomId, { before: 4 })).toEqual([[], false]);
    expect(await seqs(roomId, { after: 2, limit: 1 })).toEqual([[7], true]);
    expect(await seqs(roomId, { around: 4 })).toEqual([[7, 8], false]);
    expect(await seqs(roomId, { threadSeq: 3 })).toEqual([[7], false]);
  });

  it('has nothing below the floor for whoever names it', async () => {
    const named = { roomId, seq: 4 };
    for (const [event, data] of [
      ['message.get', named],
      ['message.receipts', named],
      ['message.delete', named],
      ['message.edit', { ...named, text: 'again' }],
      ['message.react', { ...named, emoji: '🌳' }],
      ['message.pin', named],
    ] as const) {
      expect([event, await codeOf(event, data)]).toEqual([event, 'NOT_FOUND']);
    }
    for (const reference of [{ replyTo: 4 }, { threadSeq: 3 }]) {
      expect(await codeOf('message.send', sending(roomId, 'more', reference))).toBe('VALIDATION_FAILED');
    }
    expect(await codeOf('message.read', { roomId, seq: 7, threadSeq: 3 })).toBe('VALIDATION_FAILED');
    expect((await ann.request('message.pins', { roomId }))['messages']).toEqual([]);
    const { hits } = await ann.request('message.search', { query: 'quokka', roomId });
    expect((hits as Json[]).map(({ message }) => (message as Json)['seq'])).toEqual([8, 7]);
  });

  it('knows a message that is sent again, and stores it no more', async () => {
    const { message, duplicate } = await ann.request('message.send', firstSend);
    expect([duplicate, message]).toEqual([true, expect.objectContaining({ seq: 3, text: '' })]);
    expect((message as Json)['deletedAt']).not.toBeNull();
    expect(await roomOf(ann, roomId)).toMatchObject({ head: 8 });
  });

  it('knows it as well when it is said little by little', async () => {
    const { clientId } = firstSend;
    const start = { roomId, clientId, replyTo: 8 };
    const begun = await ann.request('message.stream.start', start);
    const { message } = await ann.request('message.send', firstSend);
    expect(begun).toEqual({ message, duplicate: true });
  });

  it('keeps a reading below the floor', async () => {
    expect(await bob.request('message.read', { roomId, seq: 5 })).toMatchObject({ readSeq: 5, unread: 1 });
    await clock.advance(1000);
    await bob.request('message.receipts', { roomId, seq: 8 });
    expect(await roomOf(bob, roomId)).toMatchObject({ readSeq: 5, unread: 1 });
    expect(await bob.request('message.read', { roomId, seq: 8 })).toMatchObject({ readSeq: 8, unread: 0 });
  });

  it('pushes on where it was', async () => {
    await bob.request('auth.whoami');
    const seq = await send(roomId, 'quokka six');
    const { seq: pushed } = await bob.next(
      'room.event',
      (event) => event['roomId'] === roomId && event['seq'] === seq,
    );
    expect([seq, pushed]).toEqual([9, 9]);
  });
});

describe('a room that went quiet', () => {
  it('is empty, with its members and its head', async () => {
    const roomId = await group();
    await send(roomId, 'the only one');
    await days(8);
    expect(await roomOf(bob, roomId)).toMatchObject({
      head: 3,
      floor: 4,
      memberCount: 2,
      unread: 0,
      lastMessage: null,
    });
    expect(await seqs(roomId)).toEqual([[], false]);
    const { rooms } = await bob.request('room.sync', { rooms: { [roomId]: 1 }, rest: 'none' });
    expect(rooms).toEqual([expect.objectContaining({ events: [], hasMore: false, truncated: true })]);
    expect(await send(roomId, 'hello again')).toBe(4);
    const page = await bob.request('room.sync', { rooms: { [roomId]: 3 }, rest: 'none' });
    expect((page['rooms'] as Json[]).map(({ events, truncated }) => [seqsOf(events), truncated])).toEqual([
      [[4], undefined],
    ]);
  });
});

const seqsOf = (events: unknown): number[] => (events as Json[]).map(({ seq }) => Number(seq));

describe('attachments of dropped messages', () => {
  it('are gone for everyone, and from the disk', async () => {
    const roomId = await group();
    const upload = await ask(server, '/attachments', {
      method: 'POST',
      as: 'retention-ann',
      headers: { 'content-type': FORM_TYPE },
      body: uploadForm(roomId, 'the plan'),
    });
    const id = String(upload.body['attachment'].id);
    await send(roomId, 'see there', { attachmentIds: [id] });
    const statusOf = async () => (await ask(server, `/attachments/${id}`, { as: 'retention-bob' })).status;
    expect(await statusOf()).toBe(200);
    await days(8);
    expect(await statusOf()).toBe(404);
    await server.get(AttachmentSweeper).sweep();
    expect(await statusOf()).toBe(404);
  });
});

describe('a connection that stands below the floor', () => {
  it('is closed, and room.sync says that something is missing', async () => {
    const roomId = await group();
    const slow = await server.connect('retention-bob');
    const hasRoom = (event: Json): boolean => event['roomId'] === roomId;
    slow.ws.pause();
    const text = 'x'.repeat(8000);
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 50 }, async () => send(roomId, text)));
    }
    // Timers stand still: nothing else closes it.
    clock.jump(8 * DAY_MS);
    await server.get(RetentionSweeper).sweep();
    await send(roomId, 'now');
    slow.ws.resume();
    expect(await slow.closed).toEqual({ code: 1013, reason: 'slow' });
    const got = slow
      .waiting('room.event')
      .map(({ data }) => data)
      .filter(hasRoom);
    expect(got).not.toEqual([]);
    expect(got.map(({ seq }) => seq)).toEqual(got.map((_, index) => index + 3));
    const back = await server.connect('retention-bob');
    const { rooms } = await back.request('room.sync', { rooms: { [roomId]: 3 }, rest: 'none' });
    expect((rooms as Json[]).map(({ events, truncated }) => [seqsOf(events), truncated])).toEqual([
      [[1003], true],
    ]);
    expect(await server.get(LogReader).roomFacts(roomId)).toMatchObject({ head: 1003, floor: 1003 });
  }, 60_000);
});
