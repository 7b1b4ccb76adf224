import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import type { Migration } from '../../../storage/index.js';
import { AppendDriver, LOG_MIGRATIONS } from '../log/append-driver.js';
import { store as searchStore } from '../search/search.store.js';
import { store as probe } from './index-probe.store.js';
import { termsOf } from './terms.js';

const SEARCH_STEPS = ['chat/0040-search', 'chat/0130-search-format'];
const isBeforeSearch = ({ name }: Migration): boolean => !SEARCH_STEPS.includes(name);

async function seqs(test: TestDatabase, query: string): Promise<number[]> {
  const all = { userId: 'ann', roomId: null, before: 1e9, from: 0, limit: 1000 };
  const { places } = await test.database.open(probe).find({ ...all, terms: termsOf(query) });
  return places.map(({ seq }) => seq);
}

describe('the index', () => {
  let test: TestDatabase;
  let log: AppendDriver;
  let roomId: string;

  beforeAll(async () => {
    test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
    log = new AppendDriver(test.database);
    roomId = await log.group();
  });
  afterAll(async () => {
    if (test.database.dialect === 'sqlite') expect(await test.database.open(probe).damage()).toEqual([]);
    await test.close();
  });

  const edit = (seq: number, text: string) =>
    ({ change: 'edit', roomId, actorId: 'ann', seq, text, namedIds: [] }) as const;
  const deletion = (seq: number) => ({ change: 'delete', roomId, actorId: 'ann', seq }) as const;

  it('has what a batch stored, and not what it refused', async () => {
    const sent = log.sending(roomId, { text: 'quokka one' });
    await log.append(sent, log.sending(roomId, { text: 'quokka two', actorId: 'eve' }), sent);
    expect(await seqs(test, 'quokka')).toEqual([3]);
  });

  it('follows an edit and a deletion', async () => {
    await log.stored(edit(3, 'wombat'));
    expect([await seqs(test, 'quokka'), await seqs(test, 'wombat')]).toEqual([[], [3]]);
    await log.stored(deletion(3));
    expect(await seqs(test, 'wombat')).toEqual([]);
    await log.stored(deletion(3));
  });

  it('follows all that one batch does to a message', async () => {
    const before = (await log.seqs(roomId)).length;
    const seq = before + 1;
    await log.append(
      log.sending(roomId, { text: 'numbat' }),
      edit(seq, 'bilby'),
      log.sending(roomId, { text: 'numbat bilby' }),
    );
    expect([await seqs(test, 'numbat'), await seqs(test, 'bilby')]).toEqual([[seq + 2], [seq + 2, seq]]);
    await log.append(edit(seq, 'potoroo'), edit(seq, 'quoll'), deletion(seq + 2));
    expect(await seqs(test, 'potoroo')).toEqual([]);
    expect(await seqs(test, 'quoll')).toEqual([seq]);
    await log.append(log.sending(roomId, { text: 'dunnart' }), edit(seq, 'kowari'), deletion(seq));
    expect([await seqs(test, 'quoll'), await seqs(test, 'kowari'), await seqs(test, 'bilby')]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it('forgets messages that are to be deleted, tombstones among them', async () => {
    const outcomes = await log.append(
      log.sending(roomId, { text: 'antechinus' }),
      log.sending(roomId, { text: 'antechinus' }),
      log.sending(roomId, { text: 'antechinus' }),
    );
    const [first = 0, second = 0, third] = outcomes.flatMap((outcome) =>
      outcome.outcome === 'stored' ? outcome.events.map(({ seq }) => seq) : [],
    );
    await log.stored(deletion(second));
    await test.database.open(probe).drop({ roomId, seqs: [first, second] });
    expect(await seqs(test, 'antechinus')).toEqual([third]);
  });

  it('is made anew when its rules have changed', async () => {
    const sent = await log.stored(log.sending(roomId, { text: 'phascogale' }));
    const search = test.database.open(searchStore);
    expect(await search.prepare()).toBeGreaterThan(0);
    expect(await search.prepare()).toBeNull();
    expect(await seqs(test, 'phascogale')).toEqual([sent.events[0]?.seq]);
  });
});

describe('messages from before there was an index', () => {
  it('are found, in their order, unless they are deleted', async () => {
    const test = await openTestDatabase({ migrations: LOG_MIGRATIONS.filter(isBeforeSearch) });
    const steps = LOG_MIGRATIONS.filter((migration) => !isBeforeSearch(migration));
    const calls = test.database.open(probe);
    await calls.join([['ann', 'r1']]);
    await calls.insertOld([
      { room_id: 'r1', seq: 2, text: 'old wombat', at: 20, deletedAt: null },
      { room_id: 'r1', seq: 3, text: '', at: 30, deletedAt: 40 },
      { room_id: 'r2', seq: 1, text: 'old wombat', at: 10, deletedAt: null },
      { room_id: 'r1', seq: 4, text: 'new wombat', at: 50, deletedAt: null },
    ]);
    const queries = steps.flatMap(({ up }) => up(test.database.builder(), test.database.dialect));
    await calls.migrate(queries.map((query) => query.compile().sql));
    expect(await test.database.open(searchStore).prepare()).toBe(3);
    expect(await seqs(test, 'wombat')).toEqual([4, 2]);
    if (test.database.dialect === 'sqlite') expect(await calls.damage()).toEqual([]);
    await test.close();
  });
});
