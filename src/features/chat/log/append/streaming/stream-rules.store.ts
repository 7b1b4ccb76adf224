import type { Kysely } from 'kysely';
import {
  type ChatTables,
  droppedByClientId,
  hasRank,
  messageRows,
  type MessagesTable,
  readMessageViews,
  type StreamsTable,
  tombstoneOf,
} from '../../../records/index.js';
import { flush } from '../batch.store.js';
import { forbid, type Outcome, type Refused, type Stored } from '../change.js';
import { refuseMentions } from '../mentions.js';
import { refuseReferences, storeMessage, writerOf } from '../message-rules.js';
import { writerIn } from '../standing.js';
import type { Workspace } from '../workspace.js';
import type { AbortStream, EndStream, StartStream, StreamChange } from './changes.js';
import {
  endOfStream,
  MAX_STREAMS_IN_ROOM,
  MAX_STREAMS_OF_USER,
  MAX_STREAMS_OF_USER_IN_ROOM,
  STREAM_KEPT_MS,
} from './limits.js';
import { abortOpen } from './stream-rows.store.js';

type Db = Kysely<ChatTables>;

/** When one who has too many streams may try again: one may end at any moment. */
const RETRY_AFTER_MS = 1000;

const NO_STREAM: Refused = { outcome: 'refused', code: 'NOT_FOUND', message: 'stream not found' };
const GOES_ON: Refused = { outcome: 'refused', code: 'CONFLICT', message: 'the stream goes on' };
const EMPTY: Refused = {
  outcome: 'refused',
  code: 'VALIDATION_FAILED',
  message: 'must not be empty when nothing was appended',
  path: 'text',
};

/**
 * Performs what is done to streams. They are rare beside sends, so their rows are read and written one by one, after all
 * that earlier changes of the batch did has been written.
 */
export async function changeStream(db: Db, work: Workspace, change: StreamChange): Promise<Outcome> {
  await flush(db, work);
  switch (change.change) {
    case 'stream.start':
      return await startStream(db, work, change);
    case 'stream.end':
      return await endStream(db, work, change);
    case 'stream.abort':
      return await abortStream(db, work, change);
  }
}

/**
 * Opens a stream, once: a repeated start finds the open one, or the message that was stored under its `clientId`, by
 * whichever way, whatever has become of its sender's rights.
 */
async function startStream(db: Db, work: Workspace, start: StartStream): Promise<Outcome> {
  const { roomId, actorId, clientId } = start;
  const sent = work.sent(roomId, actorId, clientId);
  if (sent) return isMessageOf(sent, start) ? await foundMessage(db, start, sent.seq) : taken('message');
  const open = await openStream(db, start);
  if (open) return isBegunSo(open, start) ? { ...stored(roomId, open), duplicate: true } : taken('stream');
  const standing = writerOf(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  const refusal = refuseReferences(work, start) ?? (await refuseMore(db, start));
  if (refusal) return refusal;
  const row = newRow(start, work.nowMs);
  await db.insertInto('streams').values(row).execute();
  work.streams.open(roomId, actorId, clientId);
  return stored(roomId, row);
}

/** Makes the message of a stream: it takes its place in the order now. */
async function endStream(db: Db, work: Workspace, end: EndStream): Promise<Outcome> {
  const { roomId, actorId } = end;
  const row = await streamRow(db, roomId, end.id);
  if (row?.sender_id !== actorId) return NO_STREAM;
  if (row.message_seq !== null) return await foundMessage(db, end, row.message_seq);
  const standing = writerOf(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  const refusal = refuseEnd(work, row, end);
  if (refusal) return refusal;
  const { client_id: clientId, reply_to: replyTo, thread_seq: threadSeq, meta } = row;
  const saying = { ...end, change: 'send', clientId, replyTo, threadSeq, meta, attachmentIds: [] } as const;
  const outcome = storeMessage(work, standing, saying, []);
  await db
    .updateTable('streams')
    .set({
      text: '',
      meta: null,
      closed_at: work.nowMs,
      due_at: work.nowMs + STREAM_KEPT_MS,
      message_seq: standing.room.head,
    })
    .where('id', '=', row.id)
    .execute();
  work.streams.close(roomId, actorId, clientId);
  return outcome;
}

function refuseEnd(work: Workspace, row: StreamsTable, end: EndStream): Refused | undefined {
  if (row.closed_at !== null) return conflict('the stream was aborted');
  if (isPutOff(row, end)) return GOES_ON;
  if (!end.text.startsWith(row.text)) return conflict('the stream went on elsewhere');
  return end.text === '' ? EMPTY : refuseMentions(work, end);
}

/** Takes back what was said of a message that is not whole yet; for its sender and for admins. */
async function abortStream(db: Db, work: Workspace, abort: AbortStream): Promise<Outcome> {
  const { roomId, actorId, streamId } = abort;
  const row = await streamRow(db, roomId, streamId);
  const refusal = actorId === null ? undefined : refuseAbort(work, roomId, actorId, row);
  if (refusal) return refusal;
  if (!row) return NO_STREAM;
  if (row.message_seq !== null) return conflict('the stream has ended: its message can be deleted');
  if (isPutOff(row, abort)) return GOES_ON;
  await abortOpen(db, work.nowMs).where('id', '=', streamId).execute();
  work.streams.close(roomId, row.sender_id, row.client_id);
  return stored(roomId);
}

function refuseAbort(
  work: Workspace,
  roomId: string,
  actorId: string,
  row: StreamsTable | undefined,
): Refused | undefined {
  // An archived room has no open stream: what is left to abort there is aborted.
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  if (!row) return NO_STREAM;
  if (row.sender_id === actorId || hasRank(standing.member.role, 'admin')) return undefined;
  return forbid('only its sender or an admin can abort a stream');
}

/** Whether something was said since somebody saw that the time was over. */
function isPutOff(row: StreamsTable, { dueAt }: EndStream | AbortStream): boolean {
  return dueAt !== undefined && row.closed_at === null && row.due_at !== dueAt;
}

async function streamRow(db: Db, roomId: string, streamId: string): Promise<StreamsTable | undefined> {
  return await db
    .selectFrom('streams')
    .selectAll()
    .where('id', '=', streamId)
    .where('room_id', '=', roomId)
    .executeTakeFirst();
}

async function openStream(
  db: Db,
  { roomId, actorId, clientId }: StartStream,
): Promise<StreamsTable | undefined> {
  return await db
    .selectFrom('streams')
    .selectAll()
    .where('room_id', '=', roomId)
    .where('sender_id', '=', actorId)
    .where('client_id', '=', clientId)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
}

async function refuseMore(db: Db, { roomId, actorId }: StartStream): Promise<Refused | undefined> {
  const open = db.selectFrom('streams').select(['room_id', 'sender_id']).where('closed_at', 'is', null);
  const here = await open.where('room_id', '=', roomId).execute();
  const own = await open.where('sender_id', '=', actorId).execute();
  const ownHere = here.filter(({ sender_id }) => sender_id === actorId);
  if (here.length >= MAX_STREAMS_IN_ROOM) return tooMany('too many streams are open in this room');
  if (own.length >= MAX_STREAMS_OF_USER || ownHere.length >= MAX_STREAMS_OF_USER_IN_ROOM) {
    return tooMany('you have too many open streams');
  }
  return undefined;
}

function newRow(start: StartStream, nowMs: number): StreamsTable {
  return {
    id: start.streamId,
    room_id: start.roomId,
    sender_id: start.actorId,
    client_id: start.clientId,
    text: '',
    reply_to: start.replyTo,
    thread_seq: start.threadSeq,
    meta: start.meta,
    created_at: nowMs,
    due_at: endOfStream(nowMs, nowMs),
    closed_at: null,
    message_seq: null,
  };
}

/** Whether this is the message of the stream that the request begins. Of a deleted one nothing is left to differ from. */
function isMessageOf(sent: MessagesTable, start: StartStream): boolean {
  return sent.request_hash === null || isBegunSo(sent, start);
}

/** Whether a message or a stream is the one that this request begins; `meta` is not part of what is said. */
function isBegunSo(
  first: { readonly reply_to: number | null; readonly thread_seq: number | null },
  { replyTo, threadSeq }: StartStream,
): boolean {
  return first.reply_to === replyTo && first.thread_seq === threadSeq;
}

/** The sender's message as it is now; one that retention has dropped, as its tombstone. */
async function foundMessage(
  db: Db,
  { roomId, actorId, clientId }: StartStream | EndStream,
  seq: number,
): Promise<Stored> {
  const rows = [...(await messageRows(db, [[roomId, seq]])).values()];
  if (rows.length === 0)
    rows.push(...(await droppedByClientId(db, [[roomId, actorId, clientId]])).map(tombstoneOf));
  const [message] = await readMessageViews(db, actorId, rows);
  if (!message) throw new Error('a stream has no message where it should have one');
  return { ...stored(roomId), duplicate: true, message };
}

function stored(roomId: string, stream?: StreamsTable): Stored {
  return { outcome: 'stored', roomId, duplicate: false, events: [], ...(stream && { stream }) };
}

function conflict(message: string): Refused {
  return { outcome: 'refused', code: 'CONFLICT', message };
}

function taken(what: string): Refused {
  return conflict(`another ${what} has this clientId`);
}

function tooMany(message: string): Refused {
  return { outcome: 'refused', code: 'RATE_LIMITED', message, retryAfterMs: RETRY_AFTER_MS };
}
