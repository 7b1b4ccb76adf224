import { beforeEach, describe, expect, it } from '@jest/globals';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { ChatTables, RoomEventsTable } from '../../../records/index.js';
import type { Interest } from './interest.js';
import { writeOutbox } from './outbox.store.js';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

let statements: Statement[];
const db = new Kysely<ChatTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  log: ({ query }) => void statements.push(query),
});

beforeEach(() => {
  statements = [];
});

function event(room_id: string, seq: number, type = 'message'): RoomEventsTable {
  return { room_id, seq, type, ordinal: 0, actor_id: null, at: 0, message_seq: null, body: null };
}

async function written(interests: readonly Interest[], ...events: RoomEventsTable[]): Promise<unknown[][]> {
  await writeOutbox(db, interests, events, 7);
  const values = statements.flatMap(({ parameters }) => parameters);
  return Array.from({ length: values.length / 5 }, (_, row) => values.slice(row * 5, row * 5 + 5));
}

describe('what an append writes for consumers', () => {
  it('is no statement without a consumer', async () => {
    expect(await written([], event('garden', 3))).toEqual([]);
    expect(statements).toEqual([]);
  });

  it('is no statement for events that no consumer wants', async () => {
    await written([{ consumer: 'one', types: ['member.joined'] }], event('garden', 3));
    expect(statements).toEqual([]);
  });

  it('is a row for each consumer and room, in the order of the rooms', async () => {
    const interests: Interest[] = [
      { consumer: 'all', types: '*' },
      { consumer: 'some', types: ['message'] },
    ];
    const events = [event('shed', 5), event('garden', 3, 'pin.added'), event('shed', 6), event('garden', 4)];
    expect(await written(interests, ...events)).toEqual([
      ['all', 'garden', 2, 4, 7],
      ['all', 'shed', 4, 6, 7],
      ['some', 'garden', 3, 4, 7],
      ['some', 'shed', 4, 6, 7],
    ]);
    expect(statements).toHaveLength(1);
  });
});
