import { iso, type StreamsTable } from '../../records/index.js';
import { lengthOf } from './streamed-text.js';

/** What a closed row still tells. */
export type ClosedStream = Pick<
  StreamsTable,
  'id' | 'room_id' | 'sender_id' | 'client_id' | 'reply_to' | 'thread_seq'
>;

/** What every push of a stream says of it too. */
export interface StreamFacts {
  readonly roomId: string;
  readonly senderId: string;
  readonly clientId: string;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
}

/** An open stream, as a list of them has it. */
export interface StreamSummary extends StreamFacts {
  readonly id: string;
  readonly createdAt: string;
  /** Characters so far. */
  readonly length: number;
}

/** An open stream with what was said so far. */
export interface StreamView extends StreamSummary {
  readonly text: string;
  readonly meta: object | null;
}

export function streamFacts(row: Omit<ClosedStream, 'id'>): StreamFacts {
  return {
    roomId: row.room_id,
    senderId: row.sender_id,
    clientId: row.client_id,
    replyTo: row.reply_to,
    threadSeq: row.thread_seq,
  };
}

export function streamSummary(row: StreamsTable, text: string): StreamSummary {
  return { id: row.id, ...streamFacts(row), createdAt: iso(row.created_at), length: lengthOf(text) };
}

export function streamView(row: StreamsTable, text: string): StreamView {
  const meta = row.meta === null ? null : (JSON.parse(row.meta) as object);
  return { ...streamSummary(row, text), text, meta };
}
