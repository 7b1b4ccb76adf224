import { type Generated, type Kysely, sql } from 'kysely';
import { insertingMany, keyIn, withManyKeys } from '../../../storage/store.js';
import type { ChatTables } from '../records/index.js';
import type {
  ChangedText,
  IndexedPlace,
  IndexedText,
  IndexMatches,
  IndexQuery,
  SearchIndex,
} from './search-index.js';
import type { SearchTerm } from './terms.js';
import { wordsOf } from './words.js';

type Db = Kysely<ChatTables>;

/** A row of the full-text table: its columns are the words and, as a word of its own, the room's number. */
interface WordsRow {
  readonly rowid: number;
  readonly room: string;
  readonly words: string;
}

interface Entry {
  readonly id: number;
  readonly room_number: number;
  readonly seq: number;
}

interface SearchRooms {
  readonly number: number;
  readonly room_id: string;
}

/** The index's own tables, which nobody else reads. */
interface IndexTables extends ChatTables {
  readonly search_rooms: Omit<SearchRooms, 'number'> & { readonly number: Generated<number> };
  readonly search_entries: Entry;
  readonly search_words: WordsRow;
}

/** Up to so many rooms are named to the full-text table; to name more costs more than to leave out what is found. */
const NAMED_ROOMS = 64;

/** What FTS5 puts before each word of its main index. */
const MAIN_PREFIX = '0';

/** Messages that are indexed anew in one step. */
const STEP = 1000;

/**
 * SQLite's FTS5, without content: it holds no text, only which words are where. It has no way to find out what a row's
 * words were, so they are handed to it when the row goes. Rows are written in the order of their ids, because FTS5 ends
 * a segment whenever ids do not rise.
 */
export const fts5Index: SearchIndex = { add, change, remove, rebuild, find, newest };

async function add(db: Db, texts: readonly IndexedText[]): Promise<void> {
  if (texts.length === 0) return;
  const numbers = await numbersFor(db, texts);
  let id = await newest(db);
  const entries = texts.map(({ room_id, seq }) => {
    id += 1;
    return { id, room_number: numbers.get(room_id) ?? 0, seq };
  });
  await insertEntries(db, entries);
  await insertWords(
    db,
    entries.flatMap((entry, index) => rowOf(entry, texts[index]?.text ?? '')),
  );
}

async function change(db: Db, texts: readonly ChangedText[]): Promise<void> {
  if (texts.length === 0) return;
  const entries = await entriesOf(db, texts);
  const before = [...entries].flatMap(([{ before: text }, entry]) => rowOf(entry, text));
  await deleteWords(db, before);
  await insertWords(
    db,
    [...entries].flatMap(([{ text }, entry]) => rowOf(entry, text)),
  );
  await forgetBounds(db, before);
}

async function remove(db: Db, texts: readonly IndexedText[]): Promise<void> {
  if (texts.length === 0) return;
  const entries = await entriesOf(db, texts);
  const rows = [...entries].flatMap(([{ text }, entry]) => rowOf(entry, text));
  await deleteWords(db, rows);
  await deleteEntries(
    db,
    [...entries.values()].map(({ id }) => [id]),
  );
  await forgetBounds(db, rows);
}

async function rebuild(db: Db): Promise<number> {
  await clear(db);
  let [after, count] = [0, 0];
  for (;;) {
    const rows = await storedTexts(db, after);
    await insertWords(
      db,
      rows.flatMap((row) => rowOf(row, row.text)),
    );
    count += rows.length;
    after = rows.at(-1)?.id ?? after;
    if (rows.length < STEP) return count;
  }
}

/** FTS5 turns the index back to the format of one without secure deletion, in which a page that deletion emptied is damage. */
async function clear(db: Db): Promise<void> {
  await sql`insert into search_words (search_words) values ('delete-all')`.execute(db);
  await sql`update search_words_config set v = 5 where k = 'version'`.execute(db);
}

async function find(db: Db, { userId, roomId, ...query }: IndexQuery): Promise<IndexMatches> {
  const rooms = await roomsOf(db, userId, roomId);
  if (rooms.size === 0) return { places: [], reached: null };
  const { rows } = await sql<{ id: number }>`
    select rowid as id from search_words
    where search_words match ${expression(query.terms, [...rooms.keys()])}
      and rowid < ${query.before} and rowid >= ${query.from}
    order by rowid desc limit ${query.limit}`.execute(db);
  const entries = await entriesById(
    db,
    rows.map(({ id }) => [id]),
  );
  const last = rows.length < query.limit ? undefined : rows.at(-1);
  return { places: placesIn(rooms, entries), reached: last?.id ?? null };
}

async function newest(db: Db): Promise<number> {
  const { rows } = await sql<{ id: number | null }>`select max(id) as id from search_entries`.execute(db);
  return rows[0]?.id ?? 0;
}

function placesIn(rooms: ReadonlyMap<number, string>, entries: readonly Entry[]): IndexedPlace[] {
  return entries
    .toSorted((one, other) => other.id - one.id)
    .flatMap(({ id: position, room_number, seq }) => {
      const room_id = rooms.get(room_number);
      return room_id === undefined ? [] : [{ position, room_id, seq }];
    });
}

/** Words have neither quotes nor anything else that means something to FTS5; all the same each is quoted. */
function expression(terms: readonly SearchTerm[], rooms: readonly number[]): string {
  const words = terms.map(
    (term) => `"${term.words.join(' ').replaceAll('"', '""')}"${term.isPrefix ? ' *' : ''}`,
  );
  const all = `{words} : (${words.join(' AND ')})`;
  if (rooms.length > NAMED_ROOMS) return all;
  return `{room} : (${rooms.map((number) => `"${number}"`).join(' OR ')}) AND ${all}`;
}

/** A message without words has no row. */
function rowOf({ id, room_number: number }: Entry, text: string): WordsRow[] {
  const words = wordsOf(text).map(({ word }) => word);
  return words.length === 0 ? [] : [{ rowid: id, room: `${number}`, words: words.join(' ') }];
}

async function roomsOf(db: Db, userId: string, roomId: string | null): Promise<Map<number, string>> {
  const inRoom = roomId === null ? sql`` : sql`and members.room_id = ${roomId}`;
  const { rows } = await sql<{ number: number; room_id: string }>`
    select search_rooms.number, members.room_id from members
    join search_rooms on search_rooms.room_id = members.room_id
    where members.user_id = ${userId} ${inRoom}`.execute(db);
  return new Map(rows.map(({ number, room_id }) => [number, room_id]));
}

/** The rooms' numbers; a room gets one with its first message. */
async function numbersFor(db: Db, texts: readonly IndexedText[]): Promise<Map<string, number>> {
  const ids = [...new Set(texts.map(({ room_id }) => room_id))];
  const numbers = await numbersOf(db, ids);
  const unknown = ids.filter((id) => !numbers.has(id));
  if (unknown.length === 0) return numbers;
  await insertRooms(
    db,
    unknown.map((room_id) => ({ room_id })),
  );
  return await numbersOf(db, ids);
}

async function numbersOf(db: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await roomsById(
    db,
    ids.map((id) => [id]),
  );
  return new Map(rows.map(({ room_id, number }) => [room_id, number]));
}

/** The entries of texts that are indexed, in the order of their ids. */
async function entriesOf<Text extends IndexedText>(
  db: Db,
  texts: readonly Text[],
): Promise<Map<Text, Entry>> {
  const numbers = await numbersOf(db, [...new Set(texts.map(({ room_id }) => room_id))]);
  const keyOf = ({ room_id, seq }: IndexedText) => [numbers.get(room_id) ?? 0, seq];
  const rows = await entriesByPlace(db, texts.map(keyOf));
  const entries = new Map(rows.map((row) => [`${row.room_number} ${row.seq}`, row]));
  const known = texts.flatMap((text): [Text, Entry][] => {
    const entry = entries.get(keyOf(text).join(' '));
    return entry ? [[text, entry]] : [];
  });
  return new Map(known.toSorted(([, one], [, other]) => one.id - other.id));
}

async function storedTexts(db: Db, after: number): Promise<(Entry & { text: string })[]> {
  const { rows } = await sql<Entry & { text: string }>`
    select search_entries.id, search_entries.room_number, search_entries.seq, messages.text
    from search_entries
    join search_rooms on search_rooms.number = search_entries.room_number
    join messages on messages.room_id = search_rooms.room_id and messages.seq = search_entries.seq
    where search_entries.id > ${after} order by search_entries.id limit ${STEP}`.execute(db);
  return rows;
}

async function deleteWords(db: Db, rows: readonly WordsRow[]): Promise<void> {
  for (const { rowid, room, words } of rows) {
    await sql`
      insert into search_words (search_words, rowid, room, words)
      values ('delete', ${rowid}, ${room}, ${words})`.execute(db);
  }
}

/**
 * FTS5's `secure-delete` takes words out of its pages, but the list of where pages begin may go on naming one that was
 * a page's first. Such a bound may be anything after the last word before the page and up to the first one on it: the
 * next word that is still there will do.
 */
async function forgetBounds(db: Db, rows: readonly WordsRow[]): Promise<void> {
  const words = [...new Set(rows.flatMap((row) => row.words.split(' ')))];
  if (words.length === 0) return;
  const { rows: found } = await sql<{ word: string }>`
    select distinct substr(cast(term as text), 2) as word from search_words_idx
    where term in (select cast(${MAIN_PREFIX} || value as blob) from json_each(${JSON.stringify(words)}))`.execute(
    db,
  );
  for (const { word } of found) {
    if (!(await isIndexed(db, word))) await moveBounds(db, word);
  }
}

/** A page of which nothing is left has no bound, so there is a next word; should there be none, the message goes all the same. */
async function moveBounds(db: Db, word: string): Promise<void> {
  await sql`
    update or ignore search_words_idx
    set term = (
      select cast(${MAIN_PREFIX} || term as blob) from search_vocabulary
      where term > ${word} order by term limit 1)
    where term = cast(${MAIN_PREFIX + word} as blob)`.execute(db);
}

async function isIndexed(db: Db, word: string): Promise<boolean> {
  const term = `"${word.replaceAll('"', '""')}"`;
  const { rows } = await sql`
    select rowid from search_words where search_words match ${term} limit 1`.execute(db);
  return rows.length > 0;
}

const insertRooms = insertingMany<IndexTables, Pick<SearchRooms, 'room_id'>>(['room_id'], (db, rows) =>
  db.insertInto('search_rooms').values(rows),
);

const roomsById = withManyKeys<IndexTables, SearchRooms>((db, keys) =>
  db
    .selectFrom('search_rooms')
    .select(['room_id', 'number'])
    .where(keyIn(['room_id'], keys)),
);

const insertEntries = insertingMany<IndexTables, Entry>(['id', 'room_number', 'seq'], (db, rows) =>
  db.insertInto('search_entries').values(rows),
);

const entriesById = withManyKeys<IndexTables, Entry>((db, keys) =>
  db
    .selectFrom('search_entries')
    .selectAll()
    .where(keyIn(['id'], keys)),
);

const entriesByPlace = withManyKeys<IndexTables, Entry>((db, keys) =>
  db
    .selectFrom('search_entries')
    .selectAll()
    .where(keyIn(['room_number', 'seq'], keys)),
);

const deleteEntries = withManyKeys<IndexTables, unknown>((db, keys) =>
  db.deleteFrom('search_entries').where(keyIn(['id'], keys)),
);

const insertWords = insertingMany<IndexTables, WordsRow>(['rowid', 'room', 'words'], (db, rows) =>
  db.insertInto('search_words').values(rows),
);
