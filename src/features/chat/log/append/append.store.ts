import type { Kysely } from 'kysely';
import { defineStore } from '../../../../storage/store.js';
import type { ChatTables, MembersTable } from '../../records/index.js';
import { administer } from './administration/administration-rules.js';
import { isAdministration } from './administration/changes.js';
import { flush, openWorkspace, successorOf } from './batch.store.js';
import type { AddMembers, Batch, Change, CreateRoom, JoinRoom, LeaveRoom, Outcome } from './change.js';
import { isLifecycle } from './lifecycle/changes.js';
import { changeMessage } from './lifecycle/lifecycle-rules.js';
import { addMembers, createRoom, joinRoom, leaveRoom } from './membership-rules.js';
import { sendMessage } from './message-rules.js';
import { appendModuleEvent } from './module-rules.store.js';
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
    /**
     * Performs changes in their order, each on what those before it did, and tells what became of each. A change
     * that is refused leaves nothing behind and does not touch the others; a rejection means that none was done.
     */
    append: async (db: Db, batch: Batch): Promise<Outcome[]> => {
      const work = await openWorkspace(db, batch);
      const outcomes: Outcome[] = [];
      for (const change of batch.changes) outcomes.push(await perform(db, work, change));
      await flush(db, work);
      return outcomes;
    },
  },
});

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
