import { Histogram } from './histogram.js';

const FIRST_CAPACITY = 1024;

/**
 * Who was to be given what, and who was. A message of a room is due once to each of its members, the sender included; a
 * server that answers a sender with the message itself (`echoes`) owes that answer too.
 */
export class Ledger {
  #rooms = new Map();
  #echoes;
  /** Deliveries, each counted at its first sight. */
  delivered = 0;
  doubled = 0;
  /** Deliveries of another room's message, or of one that nobody sent. */
  foreign = 0;
  answered = 0;
  sent = 0;
  #due = 0;
  latencies = new Histogram();

  constructor({ echoes }) {
    this.#echoes = echoes;
  }

  /** A page for one more member of a room. */
  open(roomIndex) {
    const room = this.#rooms.get(roomIndex) ?? {
      index: roomIndex,
      members: 0,
      sent: 0,
      dueAt: [],
      senders: [],
    };
    this.#rooms.set(roomIndex, room);
    room.members += 1;
    return { room, seen: new Uint8Array(FIRST_CAPACITY), answers: undefined };
  }

  /** Gives the number of a page's new message, which counts as sent at `dueAtMs`. */
  send(page, dueAtMs) {
    const { room } = page;
    const number = room.sent;
    room.sent += 1;
    room.dueAt.push(dueAtMs);
    room.senders.push(page);
    this.sent += 1;
    this.#due += room.members;
    return number;
  }

  /** Notes what came; true when it is the first sight of the page's own message. */
  note(page, { room, number, nowMs }) {
    if (room !== page.room.index || number >= page.room.sent) {
      this.foreign += 1;
      return false;
    }
    const isOwn = page.room.senders[number] === page;
    if (!this.#isFirst(page, number)) {
      this.#noteAgain(page, number, isOwn);
      return false;
    }
    this.delivered += 1;
    this.latencies.add(nowMs - page.room.dueAt[number]);
    return isOwn;
  }

  /** Deliveries and answers that have not come. */
  get missing() {
    return this.#due - this.delivered + (this.#echoes ? this.sent - this.answered : 0);
  }

  #isFirst(page, number) {
    const byte = number >> 3;
    if (byte >= page.seen.length) page.seen = grown(page.seen, byte);
    const bit = 1 << (number & 7);
    if ((page.seen[byte] & bit) !== 0) return false;
    page.seen[byte] |= bit;
    return true;
  }

  #noteAgain(page, number, isOwn) {
    page.answers ??= new Set();
    if (!this.#echoes || !isOwn || page.answers.has(number)) {
      this.doubled += 1;
      return;
    }
    page.answers.add(number);
    this.answered += 1;
  }
}

function grown(bytes, index) {
  const larger = new Uint8Array(Math.max(bytes.length * 2, index + 1));
  larger.set(bytes);
  return larger;
}
