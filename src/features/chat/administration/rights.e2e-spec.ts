import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

type Rank = 'owner' | 'admin' | 'member' | 'exMember' | 'banned' | 'stranger';
type Kind = 'group' | 'channel' | 'direct';

/** What a request is told: `ok`, or its code. */
type Verdict = 'ok' | 'FORBIDDEN' | 'NOT_FOUND';

const RANKS: readonly Rank[] = ['owner', 'admin', 'member', 'exMember', 'banned', 'stranger'];
const NOWHERE = '0197f2a4-0000-7000-8000-000000000000';

interface Row {
  readonly event: string;
  readonly data: (userIds: { readonly target: string; readonly newcomer: string }) => object;
  /** In the order of `RANKS`. */
  readonly group: readonly Verdict[];
  readonly channel: readonly Verdict[];
  /** One of the two, and a stranger. */
  readonly direct: readonly [Verdict, Verdict];
}

type Columns = readonly [Row['group'], Row['channel'], Row['direct']];

const [ok, no, none] = ['ok', 'FORBIDDEN', 'NOT_FOUND'] as const;
const outside = [none, none, none] as const;
const barred = [no, no, no] as const;

const ROWS: readonly Row[] = [
  row('room.get', {}, [ok, ok, ok, ...outside], [ok, ok, ok, ok, ok, ok], [ok, none]),
  row('room.members', {}, [ok, ok, ok, ...outside], [ok, ok, ok, ...outside], [ok, none]),
  row('room.update', { topic: 'new' }, [ok, ok, no, ...outside], [ok, ok, no, ...barred], [no, none]),
  row('room.archive', {}, [ok, no, no, ...outside], [ok, no, no, ...barred], [no, none]),
  row('room.join', {}, [ok, ok, ok, ...outside], [ok, ok, ok, ok, no, ok], [ok, none]),
  row('room.leave', {}, [ok, ok, ok, ...outside], [ok, ok, ok, ok, ok, ok], [no, none]),
  {
    ...row('room.add', {}, [ok, ok, ok, ...outside], [ok, ok, no, ...barred], [no, none]),
    data: ({ newcomer }) => ({ userIds: [newcomer] }),
  },
  targeted('room.remove', {}, [ok, ok, no, ...outside], [ok, ok, no, ...barred], [no, none]),
  targeted('room.remove', { ban: true }, [ok, ok, no, ...outside], [ok, ok, no, ...barred], [no, none]),
  targeted('room.unban', {}, [ok, ok, no, ...outside], [ok, ok, no, ...barred], [no, none]),
  targeted('room.role', { role: 'admin' }, [ok, no, no, ...outside], [ok, no, no, ...barred], [no, none]),
  targeted('room.silence', { seconds: 1 }, [ok, ok, no, ...outside], [ok, ok, no, ...barred], [no, none]),
  row('room.mute', {}, [ok, ok, ok, ...outside], [ok, ok, ok, ...outside], [ok, none]),
  row('room.typing', { active: true }, [ok, ok, ok, ...outside], [ok, ok, ok, ...outside], [ok, none]),
  row(
    'message.send',
    { text: 'hi', clientId: 'a client id' },
    [ok, ok, ok, ...outside],
    [ok, ok, ok, ...barred],
    [ok, none],
  ),
];

function row(event: string, data: object, ...[group, channel, direct]: Columns): Row {
  return { event, data: () => data, group, channel, direct };
}

function targeted(event: string, data: object, ...columns: Columns): Row {
  return { ...row(event, data, ...columns), data: ({ target }) => ({ ...data, userId: target }) };
}

let server: TestServer;
let clients: Readonly<Record<Rank | 'target' | 'newcomer', TestClient>>;
let ids: Readonly<Record<Rank | 'target' | 'newcomer', string>>;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0' } });
  const names = [...RANKS, 'target', 'newcomer'] as const;
  const connected = await Promise.all(
    names.map(async (name) => [name, await server.connect(name.toLowerCase())] as const),
  );
  const users = await Promise.all(
    names.map(async (name) => [name, (await server.user(name.toLowerCase())).id] as const),
  );
  clients = Object.fromEntries(connected) as typeof clients;
  ids = Object.fromEntries(users) as typeof ids;
});

afterAll(async () => server.close());

/** A room with one of each. */
async function staffed(kind: Kind): Promise<string> {
  const { owner } = clients;
  const memberIds =
    kind === 'direct' ? [ids.target] : [ids.admin, ids.member, ids.exMember, ids.banned, ids.target];
  const { room } = await owner.request('room.create', { kind, memberIds });
  const roomId = String((room as Json)['id']);
  if (kind === 'direct') return roomId;
  await owner.request('room.role', { roomId, userId: ids.admin, role: 'admin' });
  await clients.exMember.request('room.leave', { roomId });
  await owner.request('room.remove', { roomId, userId: ids.banned, ban: true });
  return roomId;
}

async function failureOf(client: TestClient, event: string, data: object): Promise<Json | undefined> {
  return await client.request(event, data).then(
    () => undefined,
    (error: { data: Json }) => error.data,
  );
}

/** The verdict; what is not to be seen is told exactly as what is not there. */
async function verdictOf(rank: Rank, { event, data }: Row, roomId: string): Promise<unknown> {
  const request = data({ target: ids.target, newcomer: ids.newcomer });
  const failure = await failureOf(clients[rank], event, { ...request, roomId });
  if (failure?.['code'] !== 'NOT_FOUND') return failure?.['code'] ?? 'ok';
  const absent = await failureOf(clients[rank], event, { ...request, roomId: NOWHERE });
  return JSON.stringify(failure) === JSON.stringify(absent) ? 'NOT_FOUND' : [failure, absent];
}

describe.each(['group', 'channel'] as const)('in a %s', (kind) => {
  it.each(
    ROWS.map((one) => [one.event, JSON.stringify(one.data({ target: '', newcomer: '' })), one] as const),
  )('%s %s is for whom it is for', async (_, __, one) => {
    const verdicts: unknown[] = [];
    for (const rank of RANKS) verdicts.push(await verdictOf(rank, one, await staffed(kind)));
    expect(verdicts).toEqual(one[kind]);
  });
});

describe('in a direct room', () => {
  it.each(ROWS.map((one) => [one.event, one] as const))('%s is for whom it is for', async (_, one) => {
    const roomId = await staffed('direct');
    const verdicts = [await verdictOf('owner', one, roomId), await verdictOf('stranger', one, roomId)];
    expect(verdicts).toEqual(one.direct);
  });
});

describe('one who was in the room', () => {
  it.each(['exMember', 'banned'] as const)('as %s gets nothing of its log', async (rank) => {
    const roomId = await staffed('channel');
    for (const [event, data] of [
      ['message.history', {}],
      ['message.get', { seq: 1 }],
      ['message.read', { seq: 1 }],
      ['message.pins', {}],
    ] as const) {
      expect(await failureOf(clients[rank], event, { ...data, roomId })).toMatchObject({ code: 'NOT_FOUND' });
    }
    const { rooms } = await clients[rank].request('room.list', { limit: 100 });
    expect((rooms as Json[]).map(({ id }) => id)).not.toContain(roomId);
  });
});
