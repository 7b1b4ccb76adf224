import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from 'parley/testing';
import { check, Recorder } from '../checker/index.js';

let server: TestServer;
let ann: TestClient[];
let bob: TestClient;
let bobId: string;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
  ann = await Promise.all(Array.from({ length: 5 }, async () => server.connect('ann')));
  bob = await server.connect('bob');
  bobId = (await server.user('bob')).id;
});

afterAll(async () => server.close());

const of = (clients: readonly TestClient[], index: number): TestClient => {
  const client = clients[index % clients.length];
  if (!client) throw new Error('there are no clients');
  return client;
};

async function newRoom(): Promise<string> {
  const { room } = await of(ann, 0).request('room.create', { kind: 'group', memberIds: [bobId] });
  return String((room as Json)['id']);
}

/** Waits until the client has all of a new room: `room.added` and the joins come when the store has been asked. */
function atHead(client: TestClient): (roomId: string) => Promise<Json> {
  return async (roomId) =>
    client.next('room.event', (event) => event['roomId'] === roomId && event['seq'] === 2);
}

/** All messages of the room. */
async function messagesOf(roomId: string): Promise<Json[]> {
  const { messages } = await bob.request('message.history', { roomId, limit: 100 });
  return messages as Json[];
}

describe('sends that race', () => {
  it('with one clientId over several connections are one message and fifty equal answers (T36)', async () => {
    for (let round = 0; round < 10; round++) {
      const roomId = await newRoom();
      const data = { roomId, clientId: 'the same one', text: 'once', meta: { round } };
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => of(ann, index).request('message.send', data)),
      );
      const stored = await messagesOf(roomId);
      expect(stored).toHaveLength(1);
      expect(answers.map(({ message }) => message)).toEqual(answers.map(() => stored[0]));
      expect(answers.filter(({ duplicate }) => duplicate === false)).toHaveLength(1);
      await bob.next('room.event', (event) => event['type'] === 'message' && event['roomId'] === roomId);
    }
    await bob.request('auth.whoami');
    expect(bob.waiting('room.event').filter(({ data }) => data['type'] === 'message')).toEqual([]);
  });

  it('with one clientId and two texts are one of the two, and the other is a conflict (T36)', async () => {
    const roomId = await newRoom();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) =>
        of(ann, index)
          .request('message.send', { roomId, clientId: 'two texts', text: `text ${index % 2}` })
          .catch((error: { code: string }) => error.code),
      ),
    );
    const [stored, ...others] = await messagesOf(roomId);
    expect(others).toEqual([]);
    const expected = answers.map((_, index) =>
      `text ${index % 2}` === stored?.['text'] ? stored : 'CONFLICT',
    );
    expect(answers.map((answer) => (typeof answer === 'string' ? answer : answer['message']))).toEqual(
      expected,
    );
  });

  it('stand in the log as they were begun and answered, for everyone alike', async () => {
    const roomIds = await Promise.all([newRoom(), newRoom(), newRoom()]);
    const recorder = new Recorder();
    const annId = String((await server.user('ann')).id);
    const heads = Object.fromEntries(roomIds.map((roomId) => [roomId, 2]));
    await Promise.all([...ann, bob].map(async (client) => Promise.all(roomIds.map(atHead(client)))));
    for (const client of ann) recorder.attach(client, annId, heads);
    recorder.attach(bob, bobId, heads);
    const burst = async (client: TestClient, number: number): Promise<void> => {
      for (let round = 0; round < 10; round++)
        await Promise.all(
          Array.from({ length: 6 }, async (_, index) => {
            const clientId = `burst-${number}-${round}-${index}`;
            const roomId = roomIds[(index + round) % roomIds.length] ?? '';
            return recorder.send(client, { roomId, text: clientId, clientId });
          }),
        );
    };
    await Promise.all([...ann, bob].map(burst));
    await Promise.all([...ann, bob].map(async (client) => client.expectSilence('none')));
    const history = await recorder.history(bob, roomIds);
    expect(check(history)).toEqual([]);
    const stored = history.entries.filter(({ kind }) => kind === 'stored');
    expect(stored).toHaveLength(6 * 10 * 6);
    const logged = [...history.logs.values()].flat().filter(({ type }) => type === 'message');
    expect(logged).toHaveLength(stored.length);
  });
});
