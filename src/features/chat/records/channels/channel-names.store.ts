import type { Kysely } from 'kysely';
import { insertingMany, withManyKeys } from '../many.store.js';
import type { ChannelNamesTable, ChannelWordsTable, ChatTables, RoomsTable } from '../tables.js';
import { foldedName, wordsOf } from './channel-names.js';

/** Makes channels found by the names that they have now; archived ones are found no more. */
export async function writeChannelNames(
  db: Kysely<ChatTables>,
  rooms: readonly Pick<RoomsTable, 'id' | 'name' | 'archived_at'>[],
): Promise<void> {
  const keys = rooms.map(({ id }) => [id]);
  await deleteNames(db, keys);
  await deleteWords(db, keys);
  const names = rooms
    .filter(({ archived_at }) => archived_at === null)
    .map(({ id, name }) => ({ room_id: id, folded_name: foldedName(name) }));
  await insertNames(db, names);
  const words = names.flatMap(({ room_id, folded_name }) =>
    wordsOf(folded_name).map((word) => ({ word, room_id })),
  );
  await insertWords(db, words);
}

const deleteNames = withManyKeys((db, keys) =>
  db.deleteFrom('channel_names').where(
    'room_id',
    'in',
    keys.map(([id]) => String(id)),
  ),
);

const deleteWords = withManyKeys((db, keys) =>
  db.deleteFrom('channel_words').where(
    'room_id',
    'in',
    keys.map(([id]) => String(id)),
  ),
);

const insertNames = insertingMany<ChannelNamesTable>(['room_id', 'folded_name'], (db, rows) =>
  db.insertInto('channel_names').values(rows),
);

const insertWords = insertingMany<ChannelWordsTable>(['word', 'room_id'], (db, rows) =>
  db.insertInto('channel_words').values(rows),
);
