import { CompiledQuery, type Kysely } from 'kysely';
import type { ChatTables, RoomEventsTable } from '../../../records/index.js';
import { vectorText } from '../../../search-index/index.js';
import type { Batch, Deferred, SendMessage, Stored } from '../change.js';
import type { Locking } from '../locking/locks.store.js';
import { messageRow, storedMessage } from '../message-rules.js';

/** Messages without attachments, for the function that stores them at once. */
export interface SendBatch extends Omit<Batch, 'changes'> {
  readonly changes: readonly SendMessage[];
  readonly locking: Locking;
}

/** What the function says of one message. */
interface SendRow {
  readonly send_no: number;
  readonly new_seq: number;
  readonly new_ordinal: number;
  readonly new_at: number;
  readonly new_mentions: string;
  readonly left_until: Deferred['until'] | null;
}

/** Its text is in `records/migrations/sending.migrations.ts`. */
const CALL = `select * from parley_send_1($1, $2, $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::integer[], $14::text[])`;

/** Stores messages in the one statement of its own that PostgreSQL has for it; what is not plain is deferred. */
export async function sendPlain(
  db: Kysely<ChatTables>,
  { changes, nowMs }: Omit<Batch, 'changes'> & { readonly changes: readonly SendMessage[] },
  locking: Locking,
): Promise<(Stored | Deferred)[]> {
  const parameters = [nowMs, locking === 'wait' ? 1 : 0, ...columnsOf(changes), ...namesIn(changes)];
  const { rows } = await db.executeQuery(CompiledQuery.raw(CALL, parameters));
  return changes.map((send, index) => outcomeOf(send, rows[index] as SendRow));
}

function columnsOf(sends: readonly SendMessage[]): unknown[][] {
  return [
    sends.map(({ roomId }) => roomId),
    sends.map(({ actorId }) => actorId),
    sends.map(({ id }) => id),
    sends.map(({ clientId }) => clientId),
    sends.map(({ requestHash }) => requestHash),
    sends.map(({ text }) => text),
    sends.map(({ roomId, text }) => vectorText(roomId, text)),
    sends.map(({ replyTo }) => replyTo),
    sends.map(({ threadSeq }) => threadSeq),
    sends.map(({ meta }) => meta),
  ];
}

/** Who is named in which message; the function counts them from 1. */
function namesIn(sends: readonly SendMessage[]): [number[], string[]] {
  const names = sends.flatMap(({ namedIds }, index) =>
    namedIds.map((userId) => [index + 1, userId] as const),
  );
  return [names.map(([number]) => number), names.map(([, userId]) => userId)];
}

function outcomeOf(send: SendMessage, row: SendRow): Stored | Deferred {
  if (row.left_until !== null) return { outcome: 'deferred', until: row.left_until };
  const event: RoomEventsTable = {
    room_id: send.roomId,
    seq: row.new_seq,
    type: 'message',
    ordinal: row.new_ordinal,
    actor_id: send.actorId,
    at: row.new_at,
    message_seq: row.new_seq,
    body: null,
  };
  return storedMessage(event, messageRow(send, event, JSON.parse(row.new_mentions) as string[], []));
}
