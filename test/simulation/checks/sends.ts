import type { Tables } from '../world/tables.js';
import { Broken } from './broken.js';

/** `refused` and `failed` say for sure that this attempt stored nothing. */
export type SendOutcome = 'open' | 'acked' | 'refused' | 'failed' | 'unknown';

interface Attempt {
  readonly connectionId: string;
  /** Its place among everything that clients saw begin or end. */
  readonly begun: number;
  outcome: SendOutcome;
}

/** A message that a client wants stored, whatever becomes of its attempts. */
export interface Send {
  readonly roomId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly text: string;
  readonly attempts: Attempt[];
  /** The `seq` of each acknowledgement, and when the first one came. */
  readonly seqs: number[];
  acked: number;
}

/** Everything that was sent, as its senders saw it. */
export class Sends {
  readonly all: Send[] = [];
  private moment = 0;

  begin(roomId: string, userId: string): Send {
    const number = this.all.length + 1;
    const text = `message ${number} of ${userId}`;
    const send = {
      roomId,
      userId,
      clientId: `client-${number}`,
      text,
      attempts: [],
      seqs: [],
      acked: Infinity,
    };
    this.all.push(send);
    return send;
  }

  attempt(send: Send, connectionId: string): Attempt {
    const attempt: Attempt = { connectionId, begun: ++this.moment, outcome: 'open' };
    send.attempts.push(attempt);
    return attempt;
  }

  ack(send: Send, attempt: Attempt, seq: number): void {
    attempt.outcome = 'acked';
    send.acked = Math.min(send.acked, ++this.moment);
    send.seqs.push(seq);
  }

  check(tables: Tables): void {
    const stored = storedIn(tables);
    for (const send of this.all) checkSend(send, stored.get(keyOf(send.userId, send.clientId)) ?? []);
    if (stored.size > this.all.length) throw new Broken('nothing invented', 'a message that nobody sent');
    for (const roomId of tables.rooms.keys()) checkOrder(this.all.filter((send) => send.roomId === roomId));
  }
}

interface StoredMessage {
  readonly roomId: string;
  readonly seq: number;
  readonly text: unknown;
}

/** All messages in the logs, by sender and `clientId`. */
function storedIn(tables: Tables): Map<string, StoredMessage[]> {
  const stored = new Map<string, StoredMessage[]>();
  for (const roomId of tables.rooms.keys()) {
    for (const [index, event] of tables.events(roomId, 0).entries()) {
      if (event.seq !== index + 1)
        throw new Broken('order', `${roomId}: ${event.seq} is stored at ${index + 1}`);
      const message = event['message'] as { senderId: string; clientId: string; text: string } | undefined;
      if (message === undefined) continue;
      const key = keyOf(message.senderId, message.clientId);
      stored.set(key, [...(stored.get(key) ?? []), { roomId, seq: event.seq, text: message.text }]);
    }
  }
  return stored;
}

function checkSend(send: Send, rows: readonly StoredMessage[]): void {
  const { clientId, attempts, seqs } = send;
  const isWrong = rows.some(({ roomId, text }) => roomId !== send.roomId || text !== send.text);
  if (isWrong) throw new Broken('nothing invented', `${clientId} is stored as something else`);
  if (rows.length > 1) throw new Broken('stored once', `${clientId} is stored ${rows.length} times`);
  const wrongSeq = seqs.find((seq) => seq !== rows[0]?.seq);
  if (wrongSeq !== undefined) throw new Broken('stored once', `${clientId} was acknowledged at ${wrongSeq}`);
  const isDenied = attempts.every(({ outcome }) => outcome === 'refused' || outcome === 'failed');
  if (isDenied && rows.length > 0)
    throw new Broken('nothing invented', `${clientId} was denied and is stored`);
}

/** The acknowledged messages of one room: linearizability of an append-only log, and the order of each connection. */
function checkOrder(sends: readonly Send[]): void {
  const acked = sends.filter(({ seqs }) => seqs.length > 0);
  const descending = acked.toSorted((one, other) => seqOf(other) - seqOf(one));
  let earliestAck = Infinity;
  for (const send of descending) {
    const begun = send.attempts[0]?.begun ?? 0;
    if (earliestAck < begun)
      throw new Broken('real time', `${send.clientId} overtook what was there before it`);
    earliestAck = Math.min(earliestAck, send.acked);
  }
  const last = new Map<string, number>();
  for (const send of acked.filter(({ attempts }) => attempts.length === 1)) {
    const { connectionId } = send.attempts[0] as Attempt;
    if ((last.get(connectionId) ?? 0) > seqOf(send))
      throw new Broken('real time', `${send.clientId} overtook`);
    last.set(connectionId, seqOf(send));
  }
}

const seqOf = ({ seqs }: Send): number => seqs[0] ?? 0;
const keyOf = (userId: string, clientId: string): string => `${userId} ${clientId}`;
