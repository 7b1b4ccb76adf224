import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let worlds = 0;

const idOf = (client: TestClient): string => String((client.ready['user'] as Json)['id']);

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
}, 30_000);
afterAll(async () => server.close());

/** Ann and Ben, on two devices each, share two rooms; Eve shares none with them. */
async function world() {
  worlds += 1;
  const connect = async (name: string) => server.connect(`profile-${name}-${worlds}`);
  const [ann, annToo] = [await connect('ann'), await connect('ann')];
  const [ben, benToo] = [await connect('ben'), await connect('ben')];
  const eve = await connect('eve');
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [idOf(ben)] });
  await ben.request('room.create', { kind: 'channel', name: 'open', memberIds: [idOf(ann)] });
  for (const client of [ann, annToo, ben, benToo]) {
    await client.next('room.added');
    await client.next('room.added');
  }
  return { ann, annToo, ben, benToo, eve, roomId: String((room as Json)['id']) };
}

describe('user.updated', () => {
  it('reaches every connection of those who share a room, once, and of the user, and nobody else', async () => {
    const { ann, annToo, ben, benToo, eve } = await world();
    const { user } = await ann.request('user.update', { displayName: 'Ann the Brave' });
    for (const client of [ann, annToo, ben, benToo]) {
      expect(await client.next('user.updated')).toEqual({ user });
      await client.expectSilence('user.updated');
    }
    await eve.expectSilence('user.updated');
  });

  it('is not pushed when nothing has changed', async () => {
    const { ann, ben } = await world();
    const { user } = await ann.request('user.update', { displayName: 'Ann' });
    expect(await ben.next('user.updated')).toEqual({ user });
    await ann.request('user.update', { displayName: 'Ａnn' });
    await ann.request('user.update');
    const { user: other } = await ben.request('user.update', { displayName: 'Ben' });
    expect(await ben.next('user.updated')).toEqual({ user: other });
    await ben.expectSilence('user.updated');
  });

  it('ends with the last state after many changes', async () => {
    const { ann, ben } = await world();
    const names = Array.from({ length: 30 }, (_, index) => `Ann ${index}`);
    const answers = await Promise.all(
      names.map(async (displayName) => ann.request('user.update', { displayName })),
    );
    const times = answers.map(({ user }) => String((user as Json)['updatedAt']));
    expect(new Set(times).size).toBe(names.length);
    const pushed: string[] = [];
    while (pushed.at(-1) !== times.at(-1)) {
      const { user } = await ben.next('user.updated');
      pushed.push(String((user as Json)['updatedAt']));
    }
    expect(pushed).toEqual([...new Set(pushed)].toSorted((one, other) => (one < other ? -1 : 1)));
    await ben.expectSilence('user.updated');
  });

  it('reaches a user who came to share a room, and no more one who left the last', async () => {
    const { ann, eve, roomId } = await world();
    await ann.request('room.add', { roomId, userIds: [idOf(eve)] });
    await eve.next('room.added');
    const { user } = await ann.request('user.update', { displayName: 'Seen by Eve' });
    expect(await eve.next('user.updated')).toEqual({ user });
    await eve.request('room.leave', { roomId });
    await ann.request('user.update', { displayName: 'Unseen by Eve' });
    await ann.next('user.updated', (push) => (push['user'] as Json)['displayName'] === 'Unseen by Eve');
    await eve.expectSilence('user.updated');
  });
});
