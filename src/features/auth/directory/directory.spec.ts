import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Kysely } from 'kysely';
import type { Migration, Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { store as accountsStore } from '../accounts/accounts.store.js';
import { foldDisplayName } from '../accounts/names.js';
import { AUTH_MIGRATIONS } from '../auth.migrations.js';
import type { AuthTables } from '../auth.tables.js';
import type { AuthSettings } from '../auth.settings.js';
import { DirectoryService } from './directory.service.js';
import { store as directoryStore } from './directory.store.js';

/** A user who is deleted, but whose names were left. */
const DELETED: Migration = {
  name: 'auth/9000-a-deleted-user',
  up: (schema) => [
    (schema as Kysely<AuthTables>).insertInto('users').values({
      id: 'deleted',
      username: 'deleted',
      display_name: 'Deleted',
      folded_name: 'deleted',
      password_hash: null,
      created_at: 0,
      updated_at: 0,
      deleted_at: 1,
      suspended_at: null,
    }),
  ],
};

const SETTINGS = { isDirectoryOpen: true, maxAnswerBytes: 262_144 } as AuthSettings;

interface Person {
  readonly username: string;
  readonly displayName: string;
}

const name = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((it) => it.join(''));
const people = fc.uniqueArray(fc.record({ username: name, displayName: name }), {
  selector: ({ username }) => username,
  maxLength: 40,
});

describe('finding users', () => {
  let test: TestDatabase;
  let accounts: Store<typeof accountsStore>;
  let directory: DirectoryService;

  beforeAll(async () => {
    test = await openTestDatabase({ migrations: [...AUTH_MIGRATIONS, DELETED] });
    accounts = test.database.open(accountsStore);
    directory = new DirectoryService(test.database.open(directoryStore), SETTINGS);
  });
  afterAll(async () => test.close());

  /** A world of its own for each set of people: all their names begin with this letter. */
  let world = 0xe000;
  let own: string;
  beforeEach(() => settle());
  function settle(): void {
    world += 1;
    own = String.fromCodePoint(world);
  }

  async function enter({ username, displayName }: Person): Promise<string> {
    const id = `${username}-${world}`;
    const isInserted = await accounts.insert({
      id,
      username: own + username,
      displayName: own + displayName,
      foldedName: foldDisplayName(own + displayName),
      passwordHash: '',
      nowMs: 0,
    });
    expect(isInserted).toBe(true);
    return id;
  }

  async function pages(query: string, limit: number, service = directory): Promise<string[][]> {
    const found: string[][] = [];
    for (let cursor: string | undefined; found.length < 200;) {
      const { users, nextCursor } = await service.find({ query, limit, ...(cursor && { cursor }) });
      found.push(users.map(({ id }) => id));
      if (nextCursor === null) return found;
      cursor = nextCursor;
    }
    throw new Error('the list does not end');
  }

  it('finds in any pages whom the beginning of a name names, each once and in one order', async () => {
    const property = fc.asyncProperty(
      people,
      name,
      fc.integer({ min: 1, max: 7 }),
      async (all, begin, limit) => {
        settle();
        for (const person of all) await enter(person);
        const keyOf = ({ username, displayName }: Person): string | undefined =>
          [username, displayName].filter((it) => it.startsWith(begin)).toSorted()[0];
        const expected = all
          .flatMap((person) => ({ key: keyOf(person), id: `${person.username}-${world}` }))
          .filter(({ key }) => key !== undefined)
          .toSorted((one, other) => (`${one.key} ${one.id}` < `${other.key} ${other.id}` ? -1 : 1))
          .map(({ id }) => id);
        const found = await pages(own + begin, limit);
        expect(found.flat()).toEqual(expected);
        for (const page of found.slice(0, -1)) expect(page).not.toHaveLength(0);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('gives full pages though many have two names that begin so', async () => {
    const ids: string[] = [];
    for (let index = 10; index < 30; index += 1) {
      ids.push(await enter({ username: `a${index}`, displayName: 'az' }));
    }
    const found = await pages(`${own}a`, 5);
    expect(found.map((page) => page.length)).toEqual([5, 5, 5, 5]);
    expect(found.flat()).toEqual(ids);
  });

  it.each([
    ['ΟΔΥΣΣ', 'Οδυσσεύς'],
    ['OÙ', 'où est Ann'],
    ['ａnn', 'Ann Smith'],
    ['İs', 'İstanbul'],
    ['straß', 'Straße'],
  ])('finds by %j who is called %j', async (query, displayName) => {
    const id = await enter({ username: 'x', displayName });
    expect(await pages(own + query, 10)).toEqual([[id]]);
  });

  it.each(['%', '_', "'", '"', '\\', '\u0000', '*', '(', '\u{10ffff}', '\u{d7ff}'])(
    'takes %j for what it is',
    async (query) => {
      await enter({ username: 'x', displayName: 'y' });
      expect(await pages(own + query, 10)).toEqual([[]]);
    },
  );

  it('leaves out who is deleted', async () => {
    expect(await pages('delete', 10)).toEqual([[]]);
  });

  it('goes on after a user who was found and is called otherwise now', async () => {
    const ids = [
      await enter({ username: 'a1', displayName: 'x' }),
      await enter({ username: 'a3', displayName: 'x' }),
    ];
    const first = await directory.find({ query: `${own}a`, limit: 1 });
    await enter({ username: 'a0', displayName: 'x' });
    const between = await enter({ username: 'a2', displayName: 'x' });
    const cursor = String(first.nextCursor);
    const rest = await directory.find({ query: `${own}a`, cursor });
    expect([...first.users, ...rest.users].map(({ id }) => id)).toEqual([ids[0], between, ids[1]]);
  });

  it('refuses a cursor that is none of this query', async () => {
    await enter({ username: 'a1', displayName: 'x' });
    await enter({ username: 'a2', displayName: 'x' });
    const { nextCursor } = await directory.find({ query: `${own}a`, limit: 1 });
    for (const [query, cursor] of [
      [`${own}b`, String(nextCursor)],
      [`${own}a`, 'nonsense'],
      [`${own}a`, Buffer.from('["a"]').toString('base64url')],
    ] as const) {
      const refusal = { code: 'VALIDATION_FAILED', details: [{ path: 'cursor' }] };
      await expect(directory.find({ query, cursor })).rejects.toMatchObject(refusal);
    }
  });

  it('ends an answer at its bytes, and goes on', async () => {
    const ids: string[] = [];
    for (const index of [1, 2, 3]) ids.push(await enter({ username: `a${index}`, displayName: 'x' }));
    const small = new DirectoryService(test.database.open(directoryStore), {
      ...SETTINGS,
      maxAnswerBytes: 1,
    });
    expect(await pages(`${own}a`, 10, small)).toEqual(ids.map((id) => [id]));
  });

  it('is forbidden where users are found by exact names only', async () => {
    const closed = new DirectoryService(test.database.open(directoryStore), {
      ...SETTINGS,
      isDirectoryOpen: false,
    });
    await expect(closed.find({ query: 'a' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
