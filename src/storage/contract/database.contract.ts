import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../database.js';
import type { Migration } from '../schema/migration.js';
import { eventSeq, plainQuery } from '../plain-query.js';
import { StorageError } from '../storage-error.js';
import type { Store } from '../store.js';
import { notesMigrations, type NoteTables, store } from './notes.store.js';

/** One database's data, which outlives its openings. */
export interface DatabaseHome {
  /** A database on the data that is there, not started yet. */
  create(): Promise<Database>;
  remove(): Promise<void>;
}

/** What every implementation of `Database` does. */
export function describeDatabase(name: string, makeHome: () => Promise<DatabaseHome>): void {
  describe(`${name}, operations`, () => {
    describeOperations(makeHome);
  });
  describe(`${name}, plain queries`, () => {
    describeQueries(makeHome);
  });
  describe(`${name}, life`, () => {
    describeLife(makeHome);
  });
  describe(`${name}, migrations`, () => {
    describeMigrations(makeHome);
  });
}

interface OpenNotes {
  readonly database: Database;
  readonly notes: Store<typeof store>;
  close(): Promise<void>;
}

async function openNotes(home: DatabaseHome): Promise<OpenNotes> {
  const database = await home.create();
  database.addMigrations(notesMigrations);
  await database.start();
  const close = async (): Promise<void> => {
    await database.stop();
    await home.remove();
  };
  return { database, notes: database.open(store), close };
}

function describeOperations(makeHome: () => Promise<DatabaseHome>): void {
  let open: OpenNotes;

  beforeAll(async () => (open = await openNotes(await makeHome())));
  beforeEach(async () => open.notes.clear());
  afterAll(async () => open.close());

  it('reads what a resolved write wrote', async () => {
    for (let id = 1; id <= 20; id += 1) {
      await open.notes.insert({ id, body: 'ä€😀' });
      expect(await open.notes.count()).toBe(id);
    }
    expect(await open.notes.all()).toContainEqual({ id: 20, body: 'ä€😀' });
  });

  it('rolls back a write that throws, and rejects with its error', async () => {
    const attempt = open.notes.insertThenThrow({ id: 1, body: 'x' });
    await expect(attempt).rejects.toMatchObject({ name: 'RangeError', message: 'thought better of it' });
    expect(await open.notes.count()).toBe(0);
  });

  it('rolls back a write with bad SQL, and says where it is', async () => {
    const error: unknown = await open.notes
      .insertThenBadSql({ id: 1, body: 'x' })
      .catch((fault: unknown) => fault);
    expect(error).not.toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ message: expect.stringContaining('nowhere') });
    expect((error as Error).stack).toContain('notes.store');
    expect(await open.notes.count()).toBe(0);
  });

  it('runs each write alone', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, async () => open.notes.append()));
    expect(ids.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  });

  it('shows a read one snapshot while writes go on', async () => {
    await open.notes.append();
    const read = open.notes.countRepeatedly(2_000);
    let writes = 0;
    let isReading = true;
    const done = read.finally(() => (isReading = false));
    while (isReading) writes = await open.notes.append();
    expect(new Set(await done).size).toBe(1);
    expect(writes).toBeGreaterThan(2);
  });

  it('refuses a write inside a read', async () => {
    await expect(open.notes.writeInRead()).rejects.toThrow(/read-?only/);
    expect(await open.notes.count()).toBe(0);
  });

  it('undoes a savepoint alone', async () => {
    const outcome = await open.notes.insertBothSides({
      kept: { id: 1, body: 'kept' },
      undone: { id: 2, body: 'undone' },
    });
    expect(outcome).toBe('undone');
    expect(await open.notes.all()).toEqual([{ id: 1, body: 'kept' }]);
  });

  it('keeps, replaces and removes meta values', async () => {
    await open.notes.setMeta({ key: 'notes/epoch', value: 'a' });
    await open.notes.setMeta({ key: 'notes/epoch', value: 'b' });
    expect(await open.notes.meta('notes/epoch')).toBe('b');
    await open.notes.setMeta({ key: 'notes/epoch', value: null });
    expect(await open.notes.meta('notes/epoch')).toBeUndefined();
  });
}

function describeQueries(makeHome: () => Promise<DatabaseHome>): void {
  let open: OpenNotes;

  beforeAll(async () => (open = await openNotes(await makeHome())));
  beforeEach(async () => open.notes.clear());
  afterAll(async () => open.close());

  it('reads several in one call', async () => {
    await open.notes.insertMany([
      { id: 1, body: 'one' },
      { id: 2, body: null },
    ]);
    const notes = open.database.builder<NoteTables>().selectFrom('notes');
    const answer = await open.database.read([
      notes.select('body').where('id', '=', 1),
      notes.selectAll().where('id', '=', 2).compile(),
    ]);
    expect(answer).toEqual([[{ body: 'one' }], [{ id: 2, body: null }]]);
  });

  it('binds the seq of an event inside the transaction', async () => {
    const insert = open.database
      .builder<NoteTables>()
      .insertInto('notes')
      .values({ id: eventSeq(), body: 'vote' });
    await open.notes.bound({ query: plainQuery(insert), seq: 42 });
    expect(await open.notes.all()).toEqual([{ id: 42, body: 'vote' }]);
  });

  it('writes several in one transaction, and gives what they return', async () => {
    const notes = open.database.builder<NoteTables>();
    const insert = notes.insertInto('notes').values({ id: 1, body: 'one' });
    const update = notes.updateTable('notes').set({ body: 'two' }).returning('id');
    const answer = await open.database.write([
      insert,
      update.where('id', '=', 1),
      update.where('id', '=', 9),
    ]);
    expect(answer).toEqual([[], [{ id: 1 }], []]);
    expect(await open.notes.all()).toEqual([{ id: 1, body: 'two' }]);
  });

  it('writes nothing of several when one is refused', async () => {
    const insert = open.database.builder<NoteTables>().insertInto('notes').values({ id: 1, body: 'one' });
    await expect(open.database.write([insert, insert])).rejects.toThrow(/unique/i);
    expect(await open.notes.count()).toBe(0);
  });

  it('refuses a write in a read', async () => {
    const insert = open.database.builder<NoteTables>().insertInto('notes').values({ id: 1, body: null });
    await expect(open.database.read([insert])).rejects.toThrow(/read-?only/);
  });
}

function describeLife(makeHome: () => Promise<DatabaseHome>): void {
  let home: DatabaseHome;
  let database: Database;

  beforeEach(async () => {
    home = await makeHome();
    database = await home.create();
    database.addMigrations(notesMigrations);
  });
  afterEach(async () => {
    await database.stop();
    await home.remove();
  });

  it('refuses calls before the start, with the mend', async () => {
    await expect(database.open(store).count()).rejects.toThrow('onModuleInit or later');
    await expect(database.read([])).rejects.toThrow('onModuleInit or later');
    await expect(database.write([])).rejects.toThrow('onModuleInit or later');
  });

  it('finishes running calls when it stops, and refuses later ones', async () => {
    await database.start();
    const notes = database.open(store);
    const running = [notes.append(), notes.append(), notes.count()];
    await Promise.all([database.stop(), ...running]);
    await expect(notes.count()).rejects.toMatchObject({ outcome: 'not-stored' });
    await expect(notes.append()).rejects.toBeInstanceOf(StorageError);
    await expect(database.ping()).rejects.toBeInstanceOf(StorageError);
  });

  it('keeps its data from one opening to the next', async () => {
    await database.start();
    await database.open(store).insert({ id: 7, body: 'kept' });
    await database.stop();
    database = await home.create();
    database.addMigrations(notesMigrations);
    await database.start();
    expect(await database.open(store).all()).toEqual([{ id: 7, body: 'kept' }]);
  });

  it('answers a ping by writing', async () => {
    await database.start();
    await expect(database.ping()).resolves.toBeUndefined();
  });

  it('refuses two stores of one name', () => {
    database.open(store);
    expect(() => database.open({ ...store, url: 'file:///elsewhere.js' })).toThrow('two stores are named');
  });
}

function describeMigrations(makeHome: () => Promise<DatabaseHome>): void {
  let home: DatabaseHome;

  beforeEach(async () => (home = await makeHome()));
  afterEach(async () => home.remove());

  /** Starts with these steps, lists the tables that there are, and stops. */
  async function tablesAfter(...steps: readonly Migration[]): Promise<string[]> {
    const database = await home.create();
    database.addMigrations(steps);
    await database.start();
    try {
      const [rows] = await database.read([
        { sql: 'select name from parley_migrations order by name', parameters: [] },
      ]);
      return (rows ?? []).map((row) => String(row['name']));
    } finally {
      await database.stop();
    }
  }

  it('run once, and only the new ones later', async () => {
    await tablesAfter(table('b/0001-first'));
    expect(await tablesAfter(table('b/0001-first'), table('b/0002-next'))).toEqual([
      'b/0001-first',
      'b/0002-next',
    ]);
  });

  it('run by feature in the order of registration, then by name', async () => {
    const compiled: string[] = [];
    const note = (name: string): Migration => ({
      name,
      up: () => {
        compiled.push(name);
        return [];
      },
    });
    await tablesAfter(note('z/0002-b'), note('a/0001-a'), note('z/0001-a'));
    expect(compiled).toEqual(['z/0001-a', 'z/0002-b', 'a/0001-a']);
  });

  it('leave nothing of a step that fails, and keep those before it', async () => {
    const half: Migration = {
      name: 'b/0002-half',
      up: (schema) => [
        ...table('b/0002-half').up(schema, 'sqlite'),
        ...table('b/0001-first').up(schema, 'sqlite'),
      ],
    };
    await expect(tablesAfter(table('b/0001-first'), half)).rejects.toThrow('already exists');
    const mended = await tablesAfter(table('b/0001-first'), table('b/0002-half'));
    expect(mended).toEqual(['b/0001-first', 'b/0002-half']);
  });

  it('refuse a step that has changed since it ran', async () => {
    await tablesAfter(table('b/0001-first'));
    const changed: Migration = { name: 'b/0001-first', up: table('b/0009-other').up };
    await expect(tablesAfter(changed)).rejects.toThrow('add a step instead');
  });

  it('refuse a schema of a newer version, unless it says that it is compatible', async () => {
    const compatible: Migration = { ...table('b/0002-next'), isCompatible: true };
    await tablesAfter(table('b/0001-first'), compatible);
    expect(await tablesAfter(table('b/0001-first'))).toHaveLength(2);
    await tablesAfter(table('b/0001-first'), compatible, table('b/0003-break'));
    await expect(tablesAfter(table('b/0001-first'))).rejects.toThrow(
      /newer version \(b\/0003-break\).*start that version/,
    );
  });

  it('leave the steps of a feature that was taken out alone', async () => {
    await tablesAfter(table('polls/0001-votes'), table('b/0001-first'));
    expect(await tablesAfter(table('b/0001-first'))).toContain('polls/0001-votes');
  });

  it.each(['b/1-first', 'first', 'B/0001-first'])('refuse the name %s', async (name) => {
    await expect(tablesAfter(table(name))).rejects.toThrow('<feature>/<4 digits>');
  });

  it('refuse one name twice', async () => {
    await expect(tablesAfter(table('b/0001-first'), table('b/0001-first'))).rejects.toThrow('two migrations');
  });
}

/** A step that makes one table, named after it. */
function table(name: string): Migration {
  return {
    name,
    up: (schema) => [schema.schema.createTable(name.replaceAll(/[/-]/g, '_')).addColumn('id', 'integer')],
  };
}
