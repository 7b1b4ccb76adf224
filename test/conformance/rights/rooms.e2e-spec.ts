import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from 'parley/testing';
import { RouteTable } from '../../../src/realtime/dispatch/route-table.js';
import { NOBODY } from '../contract.js';
import { failureOf, People, type Staffed } from './people.js';
import { type Named, OF_NO_ROOM, type Row, ROWS, STREAM_ROWS } from './rows.js';
import { expectedIn, type Rank, ranksIn, SETTINGS } from './verdicts.js';

let people: People;

beforeAll(async () => {
  people = await People.gather();
});
afterAll(() => people.server.close());

/** The verdict; what is not to be seen is told exactly as what is not there. */
async function verdictOf(
  rank: Rank,
  { event, data }: Row,
  room: Staffed,
  elsewhere: object = { roomId: NOBODY },
): Promise<unknown> {
  const [client, request] = [people.clients[rank], data(room.named(rank))];
  const failure = await failureOf(client, event, { ...request, roomId: room.roomOf(rank) });
  if (failure?.['code'] !== 'NOT_FOUND') return failure?.['code'] ?? 'ok';
  const absent = await failureOf(client, event, { ...request, roomId: room.roomOf(rank), ...elsewhere });
  return JSON.stringify(failure) === JSON.stringify(absent) ? 'NOT_FOUND' : [failure, absent];
}

it('knows every request for rooms and messages of the handlers’ table', () => {
  const events = [...(people.server.get(RouteTable).at('/ws')?.events.keys() ?? [])];
  const forRooms = events.filter((event) => /^(room|message)\./.test(event));
  const known = [...new Set([...ROWS, ...STREAM_ROWS].map(({ event }) => event)), ...OF_NO_ROOM];
  expect(known.filter((event) => !event.startsWith('presence.')).toSorted()).toEqual(forRooms.toSorted());
});

describe.each(SETTINGS)('in a room that is a %s (T33)', (setting) => {
  it.each(ROWS.map((row) => [row.event, row.what, row] as const))(
    '%s %s is for whom it is for',
    async (...args) => {
      const [, , row] = args;
      const room = await people.staff(setting);
      const verdicts: Record<string, unknown> = {};
      // Those come last whose request may change what the others meet.
      for (const rank of ranksIn(setting).toReversed()) verdicts[rank] = await verdictOf(rank, row, room);
      expect(verdicts).toEqual(expectedIn(row.columns, setting));
    },
  );
});

describe.each(['group', 'channel'] as const)('in a %s, another’s stream', (setting) => {
  it.each(STREAM_ROWS.map((row) => [row.event, row] as const))(
    'is for whom it is for: %s',
    async (_, row) => {
      const room = await people.staff(setting);
      const verdicts: Record<string, unknown> = {};
      for (const rank of ranksIn(setting)) {
        const { roomId } = room;
        const opening = { roomId, clientId: `a stream of ${rank}` };
        const { streamId } = await people.clients.target.request('message.stream.start', opening);
        const named = {
          ...row,
          data: (names: Named) => ({ ...row.data(names), streamId: streamId as string }),
        };
        verdicts[rank] = await verdictOf(rank, named, room, { streamId: NOBODY });
        await failureOf(people.clients.target, 'message.stream.abort', { roomId, streamId });
      }
      expect(verdicts).toEqual(expectedIn(row.columns, setting));
    },
  );
});

describe.each(SETTINGS)('of a room that is a %s', (setting) => {
  it('lists, news, events and words are its members’ (T33)', async () => {
    const room = await people.staff(setting);
    for (const rank of ranksIn(setting)) {
      const [client, roomId] = [people.clients[rank], room.roomOf(rank)];
      const isMember = (await failureOf(client, 'room.members', { roomId })) === undefined;
      const { rooms } = await client.request('room.list', { limit: 100 });
      const news = await client.request('room.sync', { rooms: { [roomId]: 0 }, rest: 'none' });
      const { hits } = await client.request('message.search', { query: 'some words', limit: 100 });
      const told = {
        list: (rooms as Json[]).some(({ id }) => id === roomId),
        news: (news['rooms'] as Json[]).some(({ room: { id } }) => id === roomId),
        words: (hits as Json[]).some(({ message }) => message.roomId === roomId),
        removed: (news['removed'] as string[]).includes(roomId),
      };
      expect([rank, told]).toEqual([
        rank,
        { list: isMember, news: isMember, words: isMember, removed: !isMember },
      ]);
    }
  });

  it('nothing is pushed to those who are no members (T32)', async () => {
    const room = await people.staff(setting);
    const outsiders = [people.clients.exMember, people.clients.banned, people.clients.stranger];
    for (const client of outsiders) await client.expectSilence('none');
    const pushesOf = (): number =>
      outsiders.flatMap((client) => client.waiting().filter(({ data }) => data['roomId'] === room.roomId))
        .length;
    const before = pushesOf();
    const speaker = setting === 'direct' ? people.clients.peer : people.clients.owner;
    await failureOf(speaker, 'message.send', {
      roomId: room.roomId,
      text: 'a secret',
      clientId: 'a secret one',
    });
    await failureOf(speaker, 'room.typing', { roomId: room.roomId, active: true });
    for (const client of outsiders) await client.expectSilence('none');
    expect(pushesOf()).toBe(before);
  });
});
