import type { Kysely } from 'kysely';
import { dialectOf } from '../../../../storage/store.js';
import {
  type ChatTables,
  droppedByClientId,
  type MembersTable,
  membersByKey,
  messagesByClientId,
  messagesByKey,
  nextCommit,
  type RoomsTable,
  tombstoneOf,
} from '../../records/index.js';
import { followMessages } from '../../search-index/index.js';
import { knowRestrictions, writeAdministration } from './administration/administration.store.js';
import { attachmentsById, writeNamed } from './attachments/attachments.store.js';
import { knowBlocks } from './blocks/blocks.store.js';
import { type Batch, type Change, pairOf } from './change.js';
import { knowTargets, writeLifecycle } from './lifecycle/lifecycle.store.js';
import { interestsIn, writeOutbox } from './outbox/outbox.store.js';
import { standingsOf } from './locking/standings.js';
import { cutStreamsOff, knowStreams } from './streaming/stream-rows.store.js';
import {
  deleteMembers,
  insertEvents,
  insertMentions,
  insertMessages,
  roomsByRequest,
  upsertMembers,
  upsertRooms,
} from './statements.store.js';
import { type Pending, Workspace } from './workspace.js';

type Db = Kysely<ChatTables>;
type Key = readonly [string, string];

/** Reads what the changes stand on. Whoever is going to write has locked it before. */
export async function openWorkspace(db: Db, { nowMs, changes, ...terms }: Batch): Promise<Workspace> {
  const work = new Workspace(nowMs, await interestsIn(db, terms.interests), terms.sizes);
  await knowRooms(db, work, changes);
  await knowCreations(db, work, changes);
  await knowSent(db, work, changes);
  await knowMembers(db, work, changes);
  await knowReferences(db, work, changes);
  await knowTargets(db, work, changes);
  await knowBlocks(db, work, changes);
  await knowRestrictions(db, work, changes);
  await knowAttachments(db, work, changes);
  await knowStreams(db, work, changes);
  return work;
}

/** Writes all that the changes so far have done. */
export async function flush(db: Db, work: Workspace): Promise<void> {
  const pending = work.takePending();
  await deleteMembers(
    db,
    pending.leavers.map((member) => [member.room_id, member.user_id]),
  );
  await cutStreamsOff(db, work, pending);
  await upsertRooms(db, pending.rooms);
  await insertEvents(db, pending.events);
  await writeOutbox(db, work.interests, pending.events, work.nowMs);
  await followMessages(db, pending);
  await insertMessages(db, pending.messages);
  await writeNamed(db, work.attachments.takeNamed());
  await writeLifecycle(db, work, pending);
  await writeAdministration(db, work);
  await insertMentions(db, pending.mentions);
  await writeMembers(db, pending.members);
  await writeReplyCounts(db, pending);
}

/**
 * Whom a leaving owner's room falls to: the longest-standing admin, else member. Nobody knew before who it would be, so the
 * row is locked here: it is written as a whole, and its member may be muting the room just now.
 */
export async function successorOf(db: Db, leaver: MembersTable): Promise<MembersTable | undefined> {
  return await db
    .selectFrom('members')
    .selectAll()
    .where('room_id', '=', leaver.room_id)
    .where('user_id', '<>', leaver.user_id)
    .orderBy((members) => members.case().when('role', '=', 'admin').then(0).else(1).end())
    .orderBy('joined_seq')
    .orderBy('user_id')
    .limit(1)
    .$if(dialectOf(db) === 'postgres', (members) => members.forNoKeyUpdate())
    .executeTakeFirst();
}

/** Writes members' rows as they are, as the work of a new commit. */
export async function writeMembers(db: Db, members: readonly MembersTable[]): Promise<void> {
  if (members.length === 0) return;
  const commit = await nextCommit(db);
  await upsertMembers(
    db,
    members.map((member) => ({ ...member, changed_commit: commit })),
  );
}

async function knowRooms(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const ids = new Set(changes.filter((change) => change.change !== 'create').map((change) => change.roomId));
  if (ids.size === 0) return;
  const rooms = await db
    .selectFrom('rooms')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute();
  for (const room of rooms) work.knowRoom(room);
}

async function knowCreations(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const creations = changes.filter((change) => change.change === 'create');
  if (creations.length === 0) return;
  const rooms = db.selectFrom('rooms').selectAll();
  const directKeys = creations.flatMap((creation) => pairOf(creation) ?? []);
  if (directKeys.length > 0) know(await rooms.where('direct_key', 'in', directKeys).execute());
  const requests = creations.flatMap(({ actorId, clientId }): Key[] =>
    clientId === null ? [] : [[actorId, clientId]],
  );
  know(await roomsByRequest(db, requests));

  function know(rows: readonly RoomsTable[]): void {
    for (const row of rows) if (!work.room(row.id)) work.knowRoom(row);
  }
}

async function knowSent(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const keys = changes
    .filter((change) => change.change === 'send' || change.change === 'stream.start')
    .map(({ roomId, actorId, clientId }) => [roomId, actorId, clientId] as const);
  for (const row of await messagesByClientId(db, keys)) work.knowMessage(row);
  // Rooms that nothing was dropped from spare the second look.
  const below = keys.filter(([roomId]) => (work.room(roomId)?.floor ?? 1) > 1);
  for (const row of await droppedByClientId(db, below)) work.knowDropped(tombstoneOf(row));
}

async function knowMembers(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const keys = new Map(changes.flatMap(standingsOf).map((key) => [key.join('\0'), key]));
  for (const row of await membersByKey(db, [...keys.values()])) work.knowMember(row);
}

async function knowReferences(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const keys = changes
    .filter((change) => 'replyTo' in change)
    .flatMap(({ roomId, replyTo, threadSeq }) =>
      [replyTo, threadSeq].flatMap((seq) => (seq === null ? [] : [[roomId, seq] as const])),
    );
  for (const row of await messagesByKey(db, keys)) {
    if (!work.message(row.room_id, row.seq)) work.knowMessage(row);
  }
}

async function knowAttachments(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const ids = changes.filter((change) => change.change === 'send').flatMap((send) => send.attachmentIds);
  for (const row of await attachmentsById(
    db,
    ids.map((id) => [id]),
  )) {
    work.attachments.know(row);
  }
}

async function writeReplyCounts(db: Db, { answered }: Pending): Promise<void> {
  for (const { room_id, seq, reply_count } of answered) {
    await db
      .updateTable('messages')
      .set({ reply_count })
      .where('room_id', '=', room_id)
      .where('seq', '=', seq)
      .execute();
  }
}
