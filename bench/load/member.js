import { connect } from 'node:net';
import { MarkReader, markedText } from './marks.js';
import { Payloads } from './payloads.js';

const PATIENCE_MS = 20_000;
const END_OF_HEAD = '\r\n\r\n';

/** All sockets read into it, one after the other: nothing of a chunk is kept. */
const shared = Buffer.allocUnsafe(256 * 1024);

/** One connection of a member of a room, over a raw socket. */
export class Member {
  #socket;
  #dialect;
  #ledger;
  #page;
  #payloads = new Payloads();
  #marks = new MarkReader();
  /** What has come before the member is ready. */
  #early = '';
  #isUpgraded = false;
  #onReady;
  #nowMs = 0;

  /** `facts`: `room`, and for Parley `roomId` and `token` or `ticket`. */
  constructor(facts, { dialect, ledger, onOwn }) {
    this.room = facts.room;
    this.roomId = facts.roomId;
    this.facts = facts;
    this.onOwn = onOwn;
    this.#dialect = dialect;
    this.#ledger = ledger;
    this.#page = ledger.open(facts.room);
  }

  /** Resolves once the member is in its room; rejects with what came instead. */
  open({ host, port }) {
    return new Promise((resolve, reject) => {
      const fail = (fault) => {
        clearTimeout(timer);
        reject(new Error(`member of room ${this.room}: ${fault}: ${this.#early.slice(0, 200)}`));
      };
      const timer = setTimeout(() => fail('not ready in time'), PATIENCE_MS);
      const onRead = (length) => this.#onRead(shared.subarray(0, length));
      this.#socket = connect({ host, port, noDelay: true, onread: { buffer: shared, callback: onRead } });
      this.#socket.on('error', (error) => fail(error.message));
      this.#socket.on('close', () => fail('closed'));
      this.#onReady = () => resolve(clearTimeout(timer));
      this.#socket.write(this.#request(`${host}:${port}`));
    });
  }

  /** Sends the room's next message, which was due at `dueAtMs`. */
  send(dueAtMs, bytes) {
    const number = this.#ledger.send(this.#page, dueAtMs);
    this.#socket.write(this.#dialect.message(this, number, markedText(this.room, number, bytes)));
  }

  showLife() {
    this.#socket.write(this.#dialect.signOfLife);
  }

  #request(authority) {
    const lines = [
      `GET ${this.#dialect.path(this.facts)} HTTP/1.1`,
      `Host: ${authority}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...this.#dialect.headers(this.facts),
    ];
    return lines.join('\r\n') + END_OF_HEAD;
  }

  #onRead(chunk) {
    if (!this.#isUpgraded) {
      this.#upgrade(chunk);
      return true;
    }
    this.#nowMs = performance.now();
    this.#payloads.read(chunk, this.#onPayload);
    if (this.#onReady !== undefined) this.#awaitReady(chunk);
    return true;
  }

  #upgrade(chunk) {
    this.#early += chunk.toString('latin1');
    const end = this.#early.indexOf(END_OF_HEAD);
    if (end === -1 || !this.#early.startsWith('HTTP/1.1 101')) return;
    const rest = Buffer.from(this.#early.slice(end + END_OF_HEAD.length), 'latin1');
    this.#early = '';
    this.#isUpgraded = true;
    if (this.#dialect.greeting !== undefined) this.#socket.write(this.#dialect.greeting);
    this.#onRead(rest);
  }

  #awaitReady(chunk) {
    const { readyWord } = this.#dialect;
    this.#early += chunk.toString('latin1');
    if (readyWord !== undefined && !this.#early.includes(readyWord)) return;
    this.#early = '';
    this.#onReady();
    this.#onReady = undefined;
  }

  #onPayload = (chunk, stretch) => this.#marks.read(chunk, stretch, this.#onMark);

  #onMark = (room, number) => {
    const isOwn = this.#ledger.note(this.#page, { room, number, nowMs: this.#nowMs });
    if (isOwn) this.onOwn?.(this);
  };
}
