import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from 'parley/testing';

const MESSAGES = 40;
const EDITS = 4;
/** In every text, and in nothing else. */
const SECRET = 'xylophone';

let server: TestServer;
let ann: TestClient;
let annToo: TestClient;
let bob: TestClient;
let cay: TestClient;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
  [ann, annToo, bob, cay] = await Promise.all([
    server.connect('ann'),
    server.connect('ann'),
    server.connect('bob'),
    server.connect('cay'),
  ]);
});

afterAll(async () => server.close());

async function newRoom(): Promise<string> {
  const memberIds = [(await server.user('bob')).id, (await server.user('cay')).id];
  const { room } = await ann.request('room.create', { kind: 'group', memberIds });
  return String((room as Json)['id']);
}

let said = 0;

async function say(roomId: string, text: string, more: object = {}): Promise<number> {
  const clientId = `say-${++said}-${roomId}`;
  const { message } = await ann.request('message.send', { roomId, text, clientId, ...more });
  return Number((message as Json)['seq']);
}

/** The whole log as a client that begins anew is given it. */
async function logOf(client: TestClient, roomId: string): Promise<Json[]> {
  const log: Json[] = [];
  for (let hasMore = true; hasMore;) {
    const named = { epoch: client.ready['epoch'], rooms: { [roomId]: log.length }, rest: 'none', limit: 200 };
    const { rooms } = await client.request('room.sync', named);
    const [room] = rooms as Json[];
    log.push(...((room?.['events'] ?? []) as Json[]));
    hasMore = room?.['hasMore'] === true;
  }
  return log;
}

const codeOf = async (request: Promise<Json>): Promise<string> =>
  request.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );

describe('edits that race deletions', () => {
  it('leave a tombstone, and the text nowhere', async () => {
    const roomId = await newRoom();
    const seqs: number[] = [];
    for (let index = 0; index < MESSAGES; index++) seqs.push(await say(roomId, `${SECRET} ${index}`));
    const outcomes = await Promise.all(
      seqs.flatMap((seq, index) => {
        const edits = Array.from({ length: EDITS }, async (_, edit) =>
          codeOf(of(edit).request('message.edit', { roomId, seq, text: `${SECRET} ${seq} again ${edit}` })),
        );
        const deletion = codeOf((index % 2 === 0 ? annToo : ann).request('message.delete', { roomId, seq }));
        return index % 3 === 0 ? [deletion, ...edits] : [...edits, deletion];
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'CONFLICT']));
    expect(JSON.stringify(await everythingSeen(roomId, seqs))).not.toContain(SECRET);
    const log = await logOf(bob, roomId);
    for (const seq of seqs)
      expect(lastOf(log, seq)).toMatchObject({ type: 'message.deleted', messageSeq: seq });
  });

  const of = (index: number): TestClient => (index % 2 === 0 ? ann : annToo);

  /** Every answer that shows messages of the room, to a member with a fresh connection. */
  async function everythingSeen(roomId: string, seqs: readonly number[]): Promise<unknown[]> {
    const fresh = await server.connect('cay');
    const single = await Promise.all(seqs.map(async (seq) => fresh.request('message.get', { roomId, seq })));
    for (const { message } of single)
      expect(message).toMatchObject({ text: '', meta: null, mentions: [], reactions: [], attachments: [] });
    return [
      ...single,
      await fresh.request('message.history', { roomId, limit: 100 }),
      await fresh.request('message.search', { query: SECRET }),
      await fresh.request('room.list'),
      await logOf(fresh, roomId),
    ];
  }
});

/** What was done last to a message. */
function lastOf(log: readonly Json[], seq: number): Json | undefined {
  return log.findLast(
    (event) => event['messageSeq'] === seq || (event['message'] as Json | undefined)?.['seq'] === seq,
  );
}

describe('reactions that race', () => {
  const EMOJI = ['👍', '🌳', '🎉'];

  /** Follows the log, each of whose counts must be that of the moment. */
  function follow(log: readonly Json[], seq: number): Map<string, Set<string>> {
    const reacting = new Map(EMOJI.map((emoji) => [emoji, new Set<string>()]));
    for (const { type, messageSeq, emoji, actorId, count } of log) {
      const users = reacting.get(String(emoji));
      if (messageSeq !== seq || !users) continue;
      expect(users.has(String(actorId))).toBe(type === 'reaction.removed');
      if (type === 'reaction.added') users.add(String(actorId));
      else users.delete(String(actorId));
      expect(count).toBe(users.size);
    }
    return reacting;
  }

  it('are counted in each event as they are at its place, and at the end as the log has them', async () => {
    const roomId = await newRoom();
    const seq = await say(roomId, 'react to this');
    const clients = [ann, annToo, bob, cay];
    const requests = Array.from({ length: 400 }, async (_, index) => {
      const verb = (index * 7) % 3 === 0 ? 'message.unreact' : 'message.react';
      const client = clients[index % clients.length] ?? ann;
      return client.request(verb, { roomId, seq, emoji: EMOJI[(index * 5) % EMOJI.length] });
    });
    await Promise.all(requests);
    const reacting = follow(await logOf(bob, roomId), seq);
    const { message } = await bob.request('message.get', { roomId, seq });
    const shown = ((message as Json)['reactions'] as Json[]).map(({ emoji, count }) => [emoji, count]);
    const counted = [...reacting]
      .filter(([, users]) => users.size > 0)
      .map(([emoji, { size }]) => [emoji, size]);
    expect(shown.toSorted()).toEqual(counted.toSorted());
  });

  it('with a deletion are gone with it', async () => {
    const roomId = await newRoom();
    const seqs: number[] = [];
    for (let index = 0; index < MESSAGES; index++) seqs.push(await say(roomId, `delete ${index}`));
    const outcomes = await Promise.all(
      seqs.flatMap((seq) => [
        codeOf(bob.request('message.react', { roomId, seq, emoji: '👍' })),
        codeOf(ann.request('message.delete', { roomId, seq })),
        codeOf(cay.request('message.react', { roomId, seq, emoji: '🌳' })),
        codeOf(annToo.request('message.pin', { roomId, seq })),
      ]),
    );
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'CONFLICT']));
    const log = await logOf(bob, roomId);
    for (const seq of seqs) {
      expect(lastOf(log, seq)).toMatchObject({ type: 'message.deleted' });
      expect(await cay.request('message.get', { roomId, seq })).toMatchObject({ message: { reactions: [] } });
    }
    expect(await ann.request('message.pins', { roomId })).toMatchObject({ messages: [] });
  });
});
