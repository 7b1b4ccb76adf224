import type { Kysely } from 'kysely';
import { placeKey } from './lookups.store.js';
import { keyIn, withManyKeys } from './many.store.js';
import type { MessageView, ReactionView } from './message-view.js';
import type { ChatTables, MessagesTable } from './tables.js';
import { messageView } from './views.js';

/** Counts of reactions by `[room_id, message_seq]`. */
export const reactionCountsByMessage = withManyKeys((db, keys) =>
  db
    .selectFrom('reaction_counts')
    .selectAll()
    .where(keyIn(['room_id', 'message_seq'], keys)),
);

/** Users' reactions by `[room_id, message_seq, user_id]`. */
export const reactionsOfUsers = withManyKeys((db, keys) =>
  db
    .selectFrom('reactions')
    .selectAll()
    .where(keyIn(['room_id', 'message_seq', 'user_id'], keys)),
);

/** Messages as this user is answered them, with what members did to them since, in the order of the rows. */
export async function readMessageViews(
  db: Kysely<ChatTables>,
  userId: string,
  rows: readonly MessagesTable[],
): Promise<MessageView[]> {
  const reactions = await reactionsTo(db, userId, rows);
  return rows.map((row) => messageView(row, reactions.get(placeKey(row.room_id, row.seq))));
}

async function reactionsTo(
  db: Kysely<ChatTables>,
  userId: string,
  rows: readonly MessagesTable[],
): Promise<Map<string, ReactionView[]>> {
  const counts = await reactionCountsByMessage(
    db,
    rows.map(({ room_id, seq }) => [room_id, seq]),
  );
  const reactedTo = new Map(counts.map((row) => [placeKey(row.room_id, row.message_seq), row]));
  const own = await reactionsOfUsers(
    db,
    [...reactedTo.values()].map(({ room_id, message_seq }) => [room_id, message_seq, userId]),
  );
  const mine = new Set(own.map((row) => `${placeKey(row.room_id, row.message_seq)} ${row.emoji}`));
  const views = new Map<string, ReactionView[]>();
  for (const row of counts.toSorted((one, other) => one.first_seq - other.first_seq)) {
    const place = placeKey(row.room_id, row.message_seq);
    const view = { emoji: row.emoji, count: row.count, mine: mine.has(`${place} ${row.emoji}`) };
    views.set(place, [...(views.get(place) ?? []), view]);
  }
  return views;
}
