import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { membersByKey, messagesByClientId, messagesByKey, ordinalsAt } from './lookups.store.js';
import { chatMigrations } from './migrations.js';
import { readRoomViews } from './room-views.store.js';
import type { ChatTables } from './tables.js';

/** Runs nothing, and keeps what it was to run. */
class RecordingDriver extends DummyDriver {
  readonly queries: CompiledQuery[] = [];

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return {
      executeQuery: async (query) => {
        this.queries.push(query);
        return connection.executeQuery(query);
      },
      streamQuery: (query) => connection.streamQuery(query),
    };
  }
}

type Work = (db: Kysely<ChatTables>) => Promise<unknown>;

let test: TestDatabase;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: chatMigrations, store: 'embedded' });
});

afterAll(async () => test.close());

/** How SQLite finds the rows of the last query that `work` runs. */
async function planOf(work: Work): Promise<string> {
  const driver = new RecordingDriver();
  const db = new Kysely<ChatTables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  await work(db);
  const query = driver.queries.at(-1);
  if (!query) throw new Error('no query was run');
  const explained = { sql: `explain query plan ${query.sql}`, parameters: query.parameters };
  const [rows = []] = await test.database.read([explained]);
  return rows.map(({ detail }) => detail).join('\n');
}

describe('looking up many rows', () => {
  it.each<[string, Work, string]>([
    [
      'members',
      async (db) =>
        membersByKey(db, [
          ['r', 'u'],
          ['r', 'v'],
          ['s', 'u'],
        ]),
      'room_id=? AND user_id=?',
    ],
    [
      'messages',
      async (db) =>
        messagesByKey(db, [
          ['r', 1],
          ['r', 2],
          ['s', 1],
        ]),
      'room_id=? AND seq=?',
    ],
    [
      'ordinals',
      async (db) =>
        ordinalsAt(db, [
          ['r', 1],
          ['r', 2],
          ['s', 1],
        ]),
      'room_id=? AND seq=?',
    ],
    [
      'sent messages',
      async (db) =>
        messagesByClientId(db, [
          ['r', 'u', 'one'],
          ['r', 'u', 'two'],
        ]),
      'room_id=? AND sender_id=? AND client_id=?',
    ],
    [
      'rooms of a member',
      async (db) => readRoomViews(db, { userId: 'u', roomIds: ['r', 's'], ahead: {} }),
      'room_id=? AND seq<?',
    ],
  ])('searches the index of %s by the whole key', async (_, work, searched) => {
    const plan = await planOf(work);
    expect(plan).toContain(`(${searched})`);
    expect(plan).not.toMatch(/SCAN (messages|members|rooms|room_events|mentions)/);
  });
});
