import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Kysely } from 'kysely';
import { explain, openTestDatabase, perform, type TestDatabase } from './testing.js';

interface Tables {
  notes: { id: number; text: string };
}

let test: TestDatabase;

beforeAll(async () => {
  test = await openTestDatabase({
    store: 'embedded',
    migrations: [
      {
        name: 'test/0001-notes',
        up: ({ schema }) => [
          schema
            .createTable('notes')
            .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
            .addColumn('text', 'text'),
        ],
      },
    ],
  });
});

afterAll(async () => test.close());

const note = (db: Kysely<Tables>, id: number) => db.selectFrom('notes').selectAll().where('id', '=', id);

describe('what a test sees of statements', () => {
  it('is how each would be performed', async () => {
    const db = test.database.builder<Tables>();
    expect(await explain(test, note(db, 1))).toEqual(['SEARCH notes USING INTEGER PRIMARY KEY (rowid=?)']);
    expect(await explain(test, db.selectFrom('notes').selectAll().where('text', '=', 'x'))).toEqual([
      'SCAN notes',
    ]);
  });

  it('is those that an operation took, with its result', async () => {
    const twice = async (db: Kysely<Tables>, id: number) => [
      await note(db, id).execute(),
      await note(db, id + 1).execute(),
    ];
    const { result, statements } = await perform(test, twice, 7);
    expect(result).toEqual([[], []]);
    expect(statements.map(({ parameters }) => parameters)).toEqual([[7], [8]]);
  });
});
