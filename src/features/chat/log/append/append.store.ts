import type { Kysely } from 'kysely';
import { defineStore, dialectOf } from '../../../../storage/store.js';
import { type ChatTables, type MembersTable, raiseCommits } from '../../records/index.js';
import { administer } from './administration/administration-rules.js';
import { isAdministration } from './administration/changes.js';
import { flush, openWorkspace, successorOf } from './batch.store.js';
import {
  type AddMembers,
  type Batch,
  type Change,
  type CreateRoom,
  type Deferred,
  type JoinRoom,
  type LeaveRoom,
  LOCKED,
  type Outcome,
} from './change.js';
import { isLifecycle } from './lifecycle/changes.js';
import { changeMessage } from './lifecycle/lifecycle-rules.js';
import { lockFor } from './locking/locks.store.js';
import { addMembers, createRoom, joinRoom, leaveRoom } from './membership-rules.js';
import { sendMessage } from './message-rules.js';
import { appendModuleEvent } from './module-rules.store.js';
import { type SendBatch, sendPlain } from './sending/send.store.js';
import { isStreaming } from './streaming/changes.js';
import { changeStream } from './streaming/stream-rules.store.js';
import type { Workspace } from './workspace.js';

type Db = Kysely<ChatTables>;

/** The only way into the rooms' logs. */
export const store = defineStore({
  name: 'chat/append',
  url: import.meta.url,
  reads: {},
  writes: {
    /** For the start, with the life of the data: numbers of commits rise through all lives. */
    begin: async (db: Db, life: string): Promise<void> => raiseCommits(db, life),

    /**
     * Performs changes in their order, each on what those before it did, and tells what became of each. A change
     * that is refused leaves nothing behind and does not touch the others; a rejection means that none was done.
     */
    append: async (db: Db, batch: Batch): Promise<Outcome[]> => {
      await lockFor(db, batch.changes, 'wait');
      return await performAll(db, batch);
    },

    /** As `append`, but changes of rooms that another node's commit has locked are deferred. SQLite has none. */
    appendToFree: async (db: Db, batch: Batch): Promise<(Outcome | Deferred)[]> => {
      const left = await lockFor(db, batch.changes, 'skip');
      const changes = batch.changes.filter((change) => !left.has(change));
      const outcomes = await performAll(db, { ...batch, changes });
      return batch.changes.map((change) => (left.has(change) ? LOCKED : required(outcomes.shift())));
    },

    /**
     * Stores messages by one statement on PostgreSQL, and defers what the rules have to decide: every message of a room from
     * the first one on of which is not certain that it can be stored.
     */
    send: async (db: Db, { locking, ...batch }: SendBatch): Promise<(Outcome | Deferred)[]> =>
      dialectOf(db) === 'postgres' ? await sendPlain(db, batch, locking) : await performAll(db, batch),
  },
  onPostgres: { append: 'locks', appendToFree: 'locks', send: 'statements' },
});

async function performAll(db: Db, batch: Batch): Promise<Outcome[]> {
  if (batch.changes.length === 0) return [];
  const work = await openWorkspace(db, batch);
  const outcomes: Outcome[] = [];
  for (const change of batch.changes) outcomes.push(await perform(db, work, change));
  await flush(db, work);
  return outcomes;
}

function required(outcome: Outcome | undefined): Outcome {
  if (!outcome) throw new Error('a change has no outcome');
  return outcome;
}

async function perform(db: Db, work: Workspace, change: Change): Promise<Outcome> {
  if (isAdministration(change)) return administer(work, change);
  if (isLifecycle(change)) return changeMessage(work, change);
  if (isStreaming(change)) return await changeStream(db, work, change);
  if (change.change === 'send') return sendMessage(work, change);
  if (change.change === 'module') return await appendModuleEvent(db, work, change);
  return await changeMembership(db, work, change);
}

async function changeMembership(
  db: Db,
  work: Workspace,
  change: CreateRoom | JoinRoom | AddMembers | LeaveRoom,
): Promise<Outcome> {
  switch (change.change) {
    case 'create':
      return createRoom(work, change);
    case 'join':
      return joinRoom(work, change);
    case 'add':
      return addMembers(work, change);
    case 'leave':
      return await leaveRoom(work, change, async (leaver) => findSuccessor(db, work, leaver));
  }
}

async function findSuccessor(
  db: Db,
  work: Workspace,
  leaver: MembersTable,
): Promise<MembersTable | undefined> {
  await flush(db, work);
  const successor = await successorOf(db, leaver);
  if (successor) work.knowMember(successor);
  return successor;
}
