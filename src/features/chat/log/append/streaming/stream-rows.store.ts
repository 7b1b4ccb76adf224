import type { Kysely } from 'kysely';
import { type ChatTables, keyIn, withManyKeys } from '../../../records/index.js';
import type { Change } from '../change.js';
import type { Pending, Workspace } from '../workspace.js';

type Db = Kysely<ChatTables>;

const openByClientId = withManyKeys((db, keys) =>
  db
    .selectFrom('streams')
    .select(['room_id', 'sender_id', 'client_id'])
    .where('closed_at', 'is', null)
    .where(keyIn(['room_id', 'sender_id', 'client_id'], keys)),
);

/** Reads which of the messages to be sent are being said little by little. */
export async function knowStreams(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const keys = changes
    .filter((change) => change.change === 'send')
    .map(({ roomId, actorId, clientId }) => [roomId, actorId, clientId]);
  for (const row of await openByClientId(db, keys)) {
    work.streams.open(row.room_id, row.sender_id, row.client_id);
  }
}

/**
 * Cuts off the streams of those who left, who were put out or silenced, and all of archived rooms, in the transaction
 * that did it. Their words are gone with its commit; that they are is told soon after, also over a crash.
 */
export async function cutStreamsOff(db: Db, work: Workspace, { leavers, rooms }: Pending): Promise<void> {
  const gone = leavers.map(({ room_id, user_id }) => [room_id, user_id] as const);
  for (const [roomId, userId] of [...gone, ...work.streams.takeSilenced()]) {
    await abortOpen(db, work.nowMs).where('room_id', '=', roomId).where('sender_id', '=', userId).execute();
  }
  for (const { id } of rooms.filter(({ archived_at }) => archived_at !== null)) {
    await abortOpen(db, work.nowMs).where('room_id', '=', id).execute();
  }
}

/** Erases open streams, and leaves them to be announced. */
export function abortOpen(db: Db, nowMs: number) {
  return db
    .updateTable('streams')
    .set({ text: '', meta: null, closed_at: nowMs, due_at: nowMs })
    .where('closed_at', 'is', null);
}
