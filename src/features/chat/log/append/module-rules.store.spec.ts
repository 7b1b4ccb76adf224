import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { eventSeq, plainQuery } from '../../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from '../append-driver.js';
import type { Change, ModuleEvent } from './change.js';

interface VoteTables {
  readonly votes: { readonly room_id: string; readonly seq: number; readonly voter: string };
}

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({
    migrations: [
      ...LOG_MIGRATIONS,
      {
        name: 'votes/0001-votes',
        up: (schema) => [
          schema.schema
            .createTable('votes')
            .addColumn('room_id', 'text')
            .addColumn('seq', 'integer')
            .addColumn('voter', 'text')
            .addUniqueConstraint('one_vote', ['room_id', 'voter']),
        ],
      },
    ],
  });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

function vote(roomId: string, values: Partial<ModuleEvent> = {}): ModuleEvent {
  const votes = test.database.builder<VoteTables>();
  const actorId = values.actorId === undefined ? 'ann' : values.actorId;
  return {
    change: 'module',
    roomId,
    actorId,
    type: 'poll.voted',
    body: '{"choice":1}',
    require: 'member',
    project: [
      plainQuery(
        votes.insertInto('votes').values({ room_id: roomId, seq: eventSeq(), voter: String(actorId) }),
      ),
    ],
    assert: [],
    ...values,
  };
}

async function votes(roomId: string) {
  const [rows] = await test.database.read([
    test.database.builder<VoteTables>().selectFrom('votes').selectAll().where('room_id', '=', roomId),
  ]);
  return rows;
}

describe('events of modules', () => {
  it('appends the event with its rows', async () => {
    const roomId = await log.group();
    const [, voted] = await log.append(log.sending(roomId), vote(roomId), log.sending(roomId));
    expect(voted).toMatchObject({ events: [{ seq: 4, type: 'poll.voted', actorId: 'ann', choice: 1 }] });
    expect(await votes(roomId)).toEqual([{ room_id: roomId, seq: 4, voter: 'ann' }]);
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses an event whose rows a constraint refuses, and that alone', async () => {
    const roomId = await log.group();
    const outcomes = await log.append(log.sending(roomId), vote(roomId), vote(roomId), log.sending(roomId));
    expect(outcomes.map((it) => (it.outcome === 'refused' ? it.code : it.outcome))).toEqual([
      'stored',
      'stored',
      'CONFLICT',
      'stored',
    ]);
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4, 5]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ head: 5, unread: 2 });
  });

  it('fails an event whose query cannot work, and that alone', async () => {
    const roomId = await log.group();
    const broken = vote(roomId, { project: [{ sql: 'insert into nowhere values (1)', parameters: [] }] });
    const outcomes = await log.append(log.sending(roomId), broken, log.sending(roomId));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'failed', 'stored']);
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4]);
  });

  it('asks that each condition gives a row', async () => {
    const roomId = await log.group();
    const earlier = sql`select 1 from votes where room_id = ${roomId} and seq < ${eventSeq()}`;
    const assert = [earlier.compile(test.database.builder())];
    expect(await log.one(vote(roomId, { assert, actorId: 'bob' }))).toMatchObject({ code: 'CONFLICT' });
    const outcomes = await log.append(vote(roomId), vote(roomId, { assert, actorId: 'bob' }));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
  });

  it('asks for the role, of all but the service', async () => {
    const roomId = await log.group();
    expect(await log.one(vote(roomId, { actorId: 'eve' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await log.one(vote(roomId, { actorId: 'bob', require: 'admin' }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await log.stored(vote(roomId, { actorId: null, require: 'admin' }))).toMatchObject({
      events: [{ actorId: null }],
    });
    expect(await log.one(vote('nowhere', { actorId: null }))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an archived room', () => {
  it('takes nothing more', async () => {
    const roomId = await log.channel();
    await log.stored({ change: 'join', roomId, actorId: 'bob' });
    await archive(roomId);
    const changes: Change[] = [
      log.sending(roomId),
      { change: 'join', roomId, actorId: 'cy' },
      { change: 'add', roomId, actorId: 'ann', userIds: ['cy'] },
      { change: 'leave', roomId, actorId: 'bob' },
      vote(roomId),
      vote(roomId, { actorId: null }),
    ];
    for (const outcome of await log.append(...changes)) expect(outcome).toMatchObject({ code: 'FORBIDDEN' });
    expect(await log.one({ change: 'join', roomId, actorId: 'bob' })).toMatchObject({ events: [] });
  });

  async function archive(roomId: string): Promise<void> {
    const archiving = sql`update rooms set archived_at = 1 where id = ${roomId}`;
    const project = [archiving.compile(test.database.builder())];
    await log.stored(vote(roomId, { project }));
  }
});
