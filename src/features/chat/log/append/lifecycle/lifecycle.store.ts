import type { Kysely } from 'kysely';
import {
  type ChatTables,
  insertingMany,
  keyIn,
  messagesByKey,
  type MembersTable,
  type MentionsTable,
  type MessagesTable,
  type PinsTable,
  type ReactionCountsTable,
  reactionCountsByMessage,
  type ReactionsTable,
  reactionsOfUsers,
  type ThreadPositionsTable,
  withManyKeys,
} from '../../../records/index.js';
import type { Change } from '../change.js';
import type { Pending, Workspace } from '../workspace.js';
import { releaseAttachments } from '../attachments/attachments.store.js';
import { isLifecycle } from './changes.js';
import type { PendingMarks, Place } from './marks.js';

type Db = Kysely<ChatTables>;

/** Reads the messages that the changes speak of, and what was put on them. */
export async function knowTargets(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const targeted = changes.filter(isLifecycle);
  await knowMessages(
    db,
    work,
    targeted.map(({ roomId, seq }) => [roomId, seq]),
  );
  const targets = targeted.flatMap(({ roomId, seq }) => work.message(roomId, seq) ?? []);
  await knowMessages(db, work, targets.flatMap(rootKey));
  await knowMarks(db, work, changes);
}

/** Writes what was done to messages after they were sent, and how far the senders of replies have read. */
export async function writeLifecycle(db: Db, work: Workspace, pending: Pending): Promise<void> {
  for (const message of pending.rewritten) await rewrite(db, message);
  await deleteMentions(
    db,
    pending.unmentioned.map(({ user_id, room_id, seq }) => [user_id, room_id, seq]),
  );
  await writeMarks(db, work.marks.takePending());
  await forgetThreads(db, pending.leavers);
  await moveThreadPositions(db, pending.messages.flatMap(ownPosition));
}

/** Moves positions in threads forward, never back. */
export async function moveThreadPositions(db: Db, positions: readonly ThreadPositionsTable[]): Promise<void> {
  const furthest = new Map<string, ThreadPositionsTable>();
  for (const position of positions) {
    const key = `${position.room_id} ${position.user_id} ${position.thread_seq}`;
    if ((furthest.get(key)?.read_seq ?? 0) < position.read_seq) furthest.set(key, position);
  }
  await upsertThreadPositions(db, [...furthest.values()]);
}

async function knowMessages(db: Db, work: Workspace, keys: readonly [string, number][]): Promise<void> {
  const unknown = keys.filter(([roomId, seq]) => !work.message(roomId, seq));
  for (const row of await messagesByKey(db, unknown)) {
    if (!work.message(row.room_id, row.seq)) work.knowMessage(row);
  }
}

function rootKey({ room_id, thread_seq }: MessagesTable): [string, number][] {
  return thread_seq === null ? [] : [[room_id, thread_seq]];
}

async function knowMarks(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const seen = changes.flatMap((change) => seenBy(work, change));
  const places = seen.map(([roomId, seq]) => [roomId, seq] as const);
  for (const row of await reactionCountsByMessage(db, places)) work.marks.knowCount(row);
  for (const row of await reactionsOfUsers(db, seen)) work.marks.knowReaction(row);
  for (const row of await pinsByMessage(db, places)) work.marks.knowPin(row);
}

/** The message that the change is answered with, and who is. */
function seenBy(work: Workspace, change: Change): (readonly [string, number, string])[] {
  if (isLifecycle(change)) return [[change.roomId, change.seq, change.actorId]];
  if (change.change !== 'send') return [];
  const first = work.sent(change.roomId, change.actorId, change.clientId);
  return first ? [[first.room_id, first.seq, change.actorId]] : [];
}

/** The one place where a stored message's words change: `secure_delete` overwrites what stood there. */
async function rewrite(db: Db, message: MessagesTable): Promise<void> {
  const { room_id, seq, text, request_hash, edited_at, deleted_at, mentions, meta, attachments } = message;
  await db
    .updateTable('messages')
    .set({ text, request_hash, edited_at, deleted_at, mentions, meta, attachments })
    .where('room_id', '=', room_id)
    .where('seq', '=', seq)
    .execute();
  if (deleted_at !== null) await releaseAttachments(db, room_id, seq);
}

async function writeMarks(db: Db, marks: PendingMarks): Promise<void> {
  const erased = marks.erased.map(placeKey);
  await deleteReactionsTo(db, erased);
  await deleteCountsOf(db, erased);
  await deletePins(db, [...erased, ...marks.unpinned.map(placeKey)]);
  await deleteReactions(
    db,
    marks.unreacted.map((row) => [row.room_id, row.message_seq, row.user_id, row.emoji]),
  );
  await insertReactions(db, marks.reacted);
  await deleteCounts(
    db,
    marks.counts.filter(({ count }) => count === 0).map((row) => [...placeKey(row), row.emoji]),
  );
  await upsertCounts(
    db,
    marks.counts.filter(({ count }) => count > 0),
  );
  await insertPins(db, marks.pinned);
}

const placeKey = ({ room_id, message_seq }: Place): [string, number] => [room_id, message_seq];

async function forgetThreads(db: Db, leavers: readonly MembersTable[]): Promise<void> {
  await deleteThreadPositions(
    db,
    leavers.map(({ room_id, user_id }) => [room_id, user_id]),
  );
}

/** Whoever replies has read the thread up to there. */
function ownPosition({ room_id, sender_id, thread_seq, seq }: MessagesTable): ThreadPositionsTable[] {
  return thread_seq === null ? [] : [{ room_id, user_id: sender_id, thread_seq, read_seq: seq }];
}

const pinsByMessage = withManyKeys((db, keys) =>
  db
    .selectFrom('pins')
    .selectAll()
    .where(keyIn(['room_id', 'message_seq'], keys)),
);

const deleteMentions = withManyKeys((db, keys) =>
  db
    .deleteFrom('mentions')
    .where(keyIn(['user_id', 'room_id', 'seq'] satisfies (keyof MentionsTable)[], keys)),
);

const deleteReactionsTo = withManyKeys((db, keys) =>
  db.deleteFrom('reactions').where(keyIn(['room_id', 'message_seq'], keys)),
);

const deleteReactions = withManyKeys((db, keys) =>
  db.deleteFrom('reactions').where(keyIn(['room_id', 'message_seq', 'user_id', 'emoji'], keys)),
);

const deleteCountsOf = withManyKeys((db, keys) =>
  db.deleteFrom('reaction_counts').where(keyIn(['room_id', 'message_seq'], keys)),
);

const deleteCounts = withManyKeys((db, keys) =>
  db.deleteFrom('reaction_counts').where(keyIn(['room_id', 'message_seq', 'emoji'], keys)),
);

const deletePins = withManyKeys((db, keys) =>
  db.deleteFrom('pins').where(keyIn(['room_id', 'message_seq'], keys)),
);

const deleteThreadPositions = withManyKeys((db, keys) =>
  db.deleteFrom('thread_positions').where(keyIn(['room_id', 'user_id'], keys)),
);

/** Taken back and given again within one batch, a reaction or a pin may be there already. */
const insertReactions = insertingMany<ReactionsTable>(
  ['room_id', 'message_seq', 'user_id', 'emoji'],
  (db, rows) =>
    db
      .insertInto('reactions')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['room_id', 'message_seq', 'user_id', 'emoji']).doNothing()),
);

const upsertCounts = insertingMany<ReactionCountsTable>(
  ['room_id', 'message_seq', 'emoji', 'count', 'first_seq'],
  (db, rows) =>
    db
      .insertInto('reaction_counts')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['room_id', 'message_seq', 'emoji']).doUpdateSet((row) => ({
          count: row.ref('excluded.count'),
          first_seq: row.ref('excluded.first_seq'),
        })),
      ),
);

const insertPins = insertingMany<PinsTable>(['room_id', 'message_seq', 'pinned_seq'], (db, rows) =>
  db
    .insertInto('pins')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['room_id', 'message_seq'])
        .doUpdateSet((row) => ({ pinned_seq: row.ref('excluded.pinned_seq') })),
    ),
);

const upsertThreadPositions = insertingMany<ThreadPositionsTable>(
  ['room_id', 'user_id', 'thread_seq', 'read_seq'],
  (db, rows) =>
    db
      .insertInto('thread_positions')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['room_id', 'user_id', 'thread_seq'])
          .doUpdateSet((row) => ({ read_seq: row.ref('excluded.read_seq') }))
          .whereRef('excluded.read_seq', '>', 'thread_positions.read_seq'),
      ),
);
