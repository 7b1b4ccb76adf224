import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from 'parley/testing';
import { AppModule } from './app.module.js';

describe('polls', () => {
  let server: TestServer;
  let ann: TestClient;
  let bob: TestClient;
  let roomId: string;
  let pollSeq: number;

  beforeAll(async () => {
    server = await startServer({ module: AppModule });
    ann = await server.connect('ann');
    bob = await server.connect('bob');
    const { id } = await server.user('bob');
    const { room } = await ann.request('room.create', { kind: 'group', name: 'garden', memberIds: [id] });
    roomId = room.id;
    const { event } = await ann.request('poll.ask', { roomId, question: 'Tea?', options: ['yes', 'no'] });
    pollSeq = event.seq;
  });
  afterAll(() => server.close());

  const eventOf = (client: TestClient, type: string): Promise<Json> =>
    client.next('room.event', (event) => event['type'] === type);

  it('reaches every member as an event of the room', async () => {
    await expect(eventOf(bob, 'poll.asked')).resolves.toMatchObject({ seq: pollSeq, question: 'Tea?' });
    const { event } = await bob.request('poll.vote', { roomId, pollSeq, choice: 1 });
    await expect(eventOf(ann, 'poll.voted')).resolves.toEqual(event);
    const { results } = await ann.request('poll.results', { roomId, pollSeq });
    expect(results).toEqual([{ choice: 1, votes: 1 }]);
  });

  it('takes one vote of each member', async () => {
    await ann.request('poll.vote', { roomId, pollSeq, choice: 0 });
    const votes = [0, 1, 1].map((choice) => ann.request('poll.vote', { roomId, pollSeq, choice }));
    for (const vote of votes) await expect(vote).rejects.toMatchObject({ code: 'CONFLICT' });
    const results = [0, 1].map((choice) => ({ choice, votes: 1 }));
    await expect(ann.request('poll.results', { roomId, pollSeq })).resolves.toEqual({ results });
  });

  it('takes no vote for an option that it does not have', async () => {
    const carl = await server.connect('carl');
    const { id } = await server.user('carl');
    await ann.request('room.add', { roomId, userIds: [id] });
    await expect(carl.request('poll.vote', { roomId, pollSeq, choice: 2 })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('lets admins ask', async () => {
    const poll = { roomId, question: 'Coffee?', options: ['yes', 'no'] };
    await expect(bob.request('poll.ask', poll)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('shows strangers nothing', async () => {
    const eve = await server.connect('eve');
    await expect(eve.request('poll.results', { roomId, pollSeq })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(eve.request('poll.vote', { roomId, pollSeq, choice: 0 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await eve.expectSilence();
  });

  it('is closed by who asked, and takes no vote then', async () => {
    const client = await server.connect('carl');
    await expect(client.request('poll.close', { roomId, pollSeq })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await ann.request('poll.close', { roomId, pollSeq });
    await expect(eventOf(client, 'poll.closed')).resolves.toMatchObject({ pollSeq });
    await expect(client.request('poll.vote', { roomId, pollSeq, choice: 0 })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('is in the room’s log for those who were away', async () => {
    const dave = await server.user('dave');
    await ann.request('room.add', { roomId, userIds: [dave.id] });
    const client = await server.connect('dave');
    const { rooms } = await client.request('room.sync', { rooms: { [roomId]: 0 } });
    const types = rooms[0].events.map((event: Json) => event['type']);
    expect(types.filter((type: string) => type.startsWith('poll.'))).toEqual([
      'poll.asked',
      'poll.voted',
      'poll.voted',
      'poll.closed',
    ]);
  });

  it('refuses what is no poll', async () => {
    const twice = { roomId, question: 'Tea?', options: ['yes', 'yes'] };
    await expect(ann.request('poll.ask', twice)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [expect.objectContaining({ path: 'options' })],
    });
  });
});
