import { type Kysely, PostgresAdapter } from 'kysely';
import { readMeta, writeMeta } from '../../../storage/store.js';
import { type ChatTables, messagesByKey, type MessagesTable, placeKey } from '../records/index.js';
import { fts5Index } from './search-index.fts5.store.js';
import type { SearchIndex } from './search-index.js';
import { postgresIndex } from './search-index.postgres.store.js';
import { WORDS_VERSION } from './words.js';

type Db = Kysely<ChatTables>;

/** The meta value that says by which rules the index was made. */
const VERSION_KEY = 'chat/search-words';

/** The index of the database that a call is made to. */
export const searchIndex: SearchIndex = {
  add: async (db, texts) => indexOf(db).add(db, texts),
  change: async (db, texts) => indexOf(db).change(db, texts),
  remove: async (db, texts) => indexOf(db).remove(db, texts),
  rebuild: async (db) => indexOf(db).rebuild(db),
  find: async (db, query) => indexOf(db).find(db, query),
  newest: async (db) => indexOf(db).newest(db),
};

function indexOf(db: Db): SearchIndex {
  return db.getExecutor().adapter instanceof PostgresAdapter ? postgresIndex : fts5Index;
}

/** Messages that a transaction is about to write. */
export interface WrittenMessages {
  readonly messages: readonly MessagesTable[];
  /** Messages with another content, new ones among them. */
  readonly rewritten: readonly MessagesTable[];
}

/** Makes the index follow what is about to be written. Runs before it is: what is stored says what is indexed. */
export async function followMessages(db: Db, { messages, rewritten }: WrittenMessages): Promise<void> {
  const fresh = new Set(messages);
  const changed = rewritten.filter((message) => !fresh.has(message));
  if (changed.length > 0) await followChanges(db, changed);
  await searchIndex.add(
    db,
    messages.filter((message) => message.deleted_at === null),
  );
}

/** Takes stored messages out of the index, before they are deleted. */
export async function forgetMessages(db: Db, messages: readonly MessagesTable[]): Promise<void> {
  await searchIndex.remove(
    db,
    messages.filter((message) => message.deleted_at === null),
  );
}

/** Makes the index anew if there is none, or one by other rules; says of how many messages, or null if it did not. */
export async function bringUpToDate(db: Db): Promise<number | null> {
  if ((await readMeta(db, VERSION_KEY)) === WORDS_VERSION) return null;
  const count = await searchIndex.rebuild(db);
  await writeMeta(db, VERSION_KEY, WORDS_VERSION);
  return count;
}

async function followChanges(db: Db, changed: readonly MessagesTable[]): Promise<void> {
  const rows = await messagesByKey(
    db,
    changed.map(({ room_id, seq }) => [room_id, seq]),
  );
  const stored = new Map(rows.map((row) => [placeKey(row.room_id, row.seq), row]));
  const indexed = changed.flatMap((message) => {
    const row = stored.get(placeKey(message.room_id, message.seq));
    return row?.deleted_at === null ? [{ message, before: row.text }] : [];
  });
  const erased = indexed.filter(({ message }) => message.deleted_at !== null);
  await searchIndex.remove(
    db,
    erased.map(({ message: { room_id, seq }, before: text }) => ({ room_id, seq, text })),
  );
  const edited = indexed.filter(({ message }) => message.deleted_at === null);
  await searchIndex.change(
    db,
    edited.map(({ message: { room_id, seq, text }, before }) => ({ room_id, seq, text, before })),
  );
}
