import type { Kysely } from 'kysely';
import { bindSeq, type PlainQuery, withSavepoint } from '../../../../storage/store.js';
import { type ChatTables, eventView, hasRank, type RoomsTable } from '../../records/index.js';
import { flush } from './batch.store.js';
import { forbid, type ModuleEvent, NO_ROOM, type Outcome, type Refused } from './change.js';
import { refuseArchived, writerIn } from './standing.js';
import type { Workspace } from './workspace.js';

type Db = Kysely<ChatTables>;

const UNMET: Refused = {
  outcome: 'refused',
  code: 'CONFLICT',
  message: 'what the request stands on has changed',
};

/** SQLite's and PostgreSQL's codes for a row that a constraint refuses. */
const CONSTRAINT = /^(SQLITE_CONSTRAINT|23)/;
/** Their codes for a statement that can never work, as opposed to a database that does not work just now. */
const MISTAKE = /^(SQLITE_(ERROR|MISMATCH|RANGE|TOOBIG)|22|42)/;

class Unmet extends Error {}

/**
 * Appends a module's event with its rows. Its queries run under a savepoint, after all that earlier changes of the
 * batch did has been written, so that they see it, and so that their failure undoes nothing else.
 */
export async function appendModuleEvent(db: Db, work: Workspace, input: ModuleEvent): Promise<Outcome> {
  const room = roomFor(work, input);
  if ('outcome' in room) return room;
  await flush(db, work);
  const before = { ...room };
  try {
    return await withSavepoint(db, async () => append(db, work, room, input));
  } catch (error) {
    work.takePending();
    Object.assign(room, before);
    return outcomeOf(error);
  }
}

function roomFor(work: Workspace, { roomId, actorId, require }: ModuleEvent): RoomsTable | Refused {
  if (actorId === null) {
    const room = work.room(roomId);
    return room ? (refuseArchived(room) ?? room) : NO_ROOM;
  }
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  return hasRank(standing.member.role, require) ? standing.room : forbid(`only an ${require} can do this`);
}

async function append(db: Db, work: Workspace, room: RoomsTable, input: ModuleEvent): Promise<Outcome> {
  const { type, actorId, body } = input;
  const event = work.append(room, { type, actorId, body });
  for (const query of input.assert) {
    if ((await rowsOf(db, query, event.seq)).length === 0) throw new Unmet();
  }
  await flush(db, work);
  for (const query of input.project) await rowsOf(db, query, event.seq);
  return { outcome: 'stored', roomId: room.id, duplicate: false, events: [eventView(event)] };
}

async function rowsOf(db: Db, query: PlainQuery, seq: number): Promise<readonly object[]> {
  return (await db.executeQuery(bindSeq(query, seq))).rows;
}

/** Errors that do not speak of these queries are thrown on: the whole batch has to be tried again. */
function outcomeOf(error: unknown): Outcome {
  if (error instanceof Unmet) return UNMET;
  const code = codeOf(error);
  if (CONSTRAINT.test(code)) return UNMET;
  if (!(error instanceof Error) || !(MISTAKE.test(code) || error instanceof TypeError)) throw error;
  return { outcome: 'failed', message: `a module's query failed: ${error.message}` };
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
