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

interface Vector {
  /** The position: given by the database, higher for messages that were sent later. */
  readonly id: Generated<number>;
  readonly room_id: string;
  readonly seq: number;
  /** A `tsvector` as text. */
  readonly words: string;
}

type NewVector = Omit<Vector, 'id'>;

interface IndexTables extends ChatTables {
  readonly search_vectors: Vector;
}

/** Up to so many rooms are part of the query; to name more costs more than to leave out what is found. */
const NAMED_ROOMS = 64;

/** A place in a text that the type can hold; words beyond it are found, but not as neighbours. */
const LAST_PLACE = 16_383;

/** Messages that are indexed anew in one step. */
const STEP = 1000;

/** PostgreSQL's text search, with our words instead of its parser's: a vector for each message that is not deleted. */
export const postgresIndex: SearchIndex = { add, change, remove, rebuild, find, newest };

async function add(db: Db, texts: readonly IndexedText[]): Promise<void> {
  await insertVectors(db, texts.map(vectorOf));
}

async function change(db: Db, texts: readonly ChangedText[]): Promise<void> {
  for (const text of texts) {
    const { room_id, seq, words } = vectorOf(text);
    await sql`
      update search_vectors set words = cast(${words} as tsvector)
      where room_id = ${room_id} and seq = ${seq}`.execute(db);
  }
}

async function remove(db: Db, texts: readonly IndexedText[]): Promise<void> {
  await deleteVectors(
    db,
    texts.map(({ room_id, seq }) => [room_id, seq]),
  );
}

async function rebuild(db: Db): Promise<number> {
  await sql`delete from search_vectors`.execute(db);
  let count = 0;
  for (;;) {
    const { rows } = await sql<IndexedText>`
      select room_id, seq, text from messages where deleted_at is null
      order by created_at, room_id, seq limit ${STEP} offset ${count}`.execute(db);
    await add(db, rows);
    count += rows.length;
    if (rows.length < STEP) return count;
  }
}

async function find(db: Db, { userId, roomId, ...query }: IndexQuery): Promise<IndexMatches> {
  const rooms = await roomsOf(db, userId, roomId);
  if (rooms.size === 0) return { places: [], reached: null };
  const { rows } = await sql<IndexedPlace>`
    select id as position, room_id, seq from search_vectors
    where words @@ cast(${expression(query.terms, [...rooms])} as tsquery)
      and id < ${query.before} and id >= ${query.from}
    order by id desc limit ${query.limit}`.execute(db);
  const last = rows.length < query.limit ? undefined : rows.at(-1);
  return { places: rows.filter((row) => rooms.has(row.room_id)), reached: last?.position ?? null };
}

async function newest(db: Db): Promise<number> {
  const { rows } = await sql<{ id: number | null }>`select max(id) as id from search_vectors`.execute(db);
  return rows[0]?.id ?? 0;
}

async function roomsOf(db: Db, userId: string, roomId: string | null): Promise<Set<string>> {
  const rows = await db
    .selectFrom('members')
    .select('room_id')
    .where('user_id', '=', userId)
    .$if(roomId !== null, (members) => members.where('room_id', '=', roomId ?? ''))
    .execute();
  return new Set(rows.map(({ room_id }) => room_id));
}

function expression(terms: readonly SearchTerm[], rooms: readonly string[]): string {
  const all = terms.map(({ words, isPrefix }) => {
    const quoted = words.map(lexeme).join(' <-> ');
    return isPrefix ? `(${quoted}:*)` : `(${quoted})`;
  });
  if (rooms.length <= NAMED_ROOMS) all.push(`(${rooms.map((id) => lexeme(roomWord(id))).join(' | ')})`);
  return all.join(' & ');
}

function vectorOf({ room_id, seq, text }: IndexedText): NewVector {
  return { room_id, seq, words: vectorText(room_id, text) };
}

/** A message's `tsvector` as text: the words with their places, and the room as a word of its own. */
export function vectorText(roomId: string, text: string): string {
  const words = wordsOf(text).map(({ word }, index) => `${lexeme(word)}:${Math.min(index + 1, LAST_PLACE)}`);
  return [lexeme(roomWord(roomId)), ...words].join(' ');
}

/** No text has a word with a space in it. */
function roomWord(roomId: string): string {
  return ` ${roomId}`;
}

function lexeme(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

const insertVectors = insertingMany<IndexTables, NewVector>(['room_id', 'seq', 'words'], (db, rows) =>
  db
    .insertInto('search_vectors')
    .values(
      rows.map(({ words, ...place }) => ({ ...place, words: sql<string>`cast(${words} as tsvector)` })),
    ),
);

const deleteVectors = withManyKeys<IndexTables, unknown>((db, keys) =>
  db.deleteFrom('search_vectors').where(keyIn(['room_id', 'seq'], keys)),
);
