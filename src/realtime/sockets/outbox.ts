import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Codec } from '../frames/codec.js';
import type { FrameRun } from '../frames/frame-run.js';
import type { OutboundFrame } from '../frames/outbound-frame.js';
import type { Traffic } from '../metrics/traffic.js';
import type { FlushQueue } from './flush-queue.js';

const NOTHING: readonly Buffer[] = [];

/** The part of a libuv stream that tells how much has really left; absent on sockets that are not libuv's. */
interface StreamHandle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
}

/** What an outbox needs of its connection. */
export interface OutboxOwner {
  readonly codec: Codec;
  /** Called when, after a write, at most half of what may be unsent is. */
  onDrained(): void;
}

/** What the outboxes of a node have in common. */
export interface OutboxTerms {
  readonly flushQueue: FlushQueue;
  readonly maxBytes: number;
  readonly traffic: Traffic;
}

/**
 * What is due to one connection. Everything that is due in one turn of the event loop leaves in one write at its end.
 *
 * Three kinds of frames share it: control frames and replies are always taken; those of an order (`offer`) only
 * while there is room; of state frames the last of each key is kept until there is.
 */
export class Outbox {
  /** What is due first, when it came as a whole: everyone who is given the run has this very array. */
  private run: readonly Buffer[] = NOTHING;
  /** What is due after it. */
  private rest: Buffer[] = [];
  /** How many of the frames that are due, from the first on, others are given too. */
  private shared = 0;
  private queuedBytes = 0;
  private states: Map<string, OutboundFrame> | undefined;
  private isFlushDue = false;
  private readonly isCompressing: boolean;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Socket,
    private readonly owner: OutboxOwner,
    private readonly terms: OutboxTerms,
  ) {
    this.isCompressing = ws.extensions !== '';
  }

  /** Bytes that were handed in and have not left this process. */
  get unsentBytes(): number {
    return this.queuedBytes + (this.isCompressing ? this.ws.bufferedAmount : this.socket.writableLength);
  }

  /** Whether a frame of an order would be refused. */
  get isFull(): boolean {
    return this.unsentBytes > this.terms.maxBytes;
  }

  /** Bytes that have left this process since the connection began; it stands still while the peer does not read. */
  get bytesLeft(): number {
    const handle = (this.socket as unknown as { _handle?: StreamHandle | null })._handle;
    const waiting = handle?.writeQueueSize ?? 0;
    return (handle?.bytesWritten ?? this.socket.bytesWritten) - waiting;
  }

  /** Takes a control frame or a reply, which is for this connection alone. */
  write(frame: Buffer): void {
    this.rest.push(frame);
    this.queuedBytes += frame.length;
    this.flushSoon();
  }

  /** Takes the frames of an order that fit, and gives how many: the first ones. An empty outbox takes one frame of any size. */
  offer(run: FrameRun): number {
    const taken = this.takeWhole(run) ? run.length : this.takeSome(run);
    if (taken > 0) this.terms.traffic.deliveries.add(taken);
    return taken;
  }

  /** Takes a state frame: now if it fits, else as the last of its `key` once there is room. */
  offerState(key: string, frame: OutboundFrame): void {
    if (this.states?.has(key) !== true && this.take(frame)) return;
    this.states ??= new Map();
    this.states.delete(key);
    this.states.set(key, frame);
  }

  /** Gives up the state frames that still wait for room and whose keys begin so. */
  dropStates(prefix: string): void {
    for (const key of this.states?.keys() ?? []) if (key.startsWith(prefix)) this.states?.delete(key);
  }

  /** Hands everything due to the socket, in one write. */
  flush(): void {
    this.isFlushDue = false;
    const { shared, queuedBytes: bytes } = this;
    const frames = this.rest.length === 0 ? this.run : [...this.run, ...this.rest];
    this.empty();
    // Nothing may follow a close frame, whoever sent it.
    if (frames.length === 0 || this.ws.readyState !== WebSocket.OPEN) return;
    this.terms.traffic.framesSent.add(frames.length);
    this.terms.traffic.bytesSent.add(bytes);
    const { codec } = this.owner;
    if (this.isCompressing) this.compress(codec.messages(frames));
    else this.writeAll(this.terms.flushQueue.writes.piecesOf(codec, { frames, shared }));
  }

  /** Gives up what is due: the connection is gone. */
  clear(): void {
    this.empty();
    this.states = undefined;
  }

  private empty(): void {
    this.run = NOTHING;
    if (this.rest.length > 0) this.rest = [];
    this.shared = 0;
    this.queuedBytes = 0;
  }

  private flushSoon(): void {
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    this.terms.flushQueue.add(this);
  }

  private takeWhole(run: FrameRun): boolean {
    const { buffers, bytes } = run.encodedBy(this.owner.codec);
    if (this.unsentBytes + bytes > this.terms.maxBytes) return false;
    const due = this.run.length + this.rest.length;
    if (this.shared === due) this.shared += buffers.length;
    if (due === 0) this.run = buffers;
    else for (const buffer of buffers) this.rest.push(buffer);
    this.queuedBytes += bytes;
    this.flushSoon();
    return true;
  }

  private takeSome({ frames }: FrameRun): number {
    const refused = frames.findIndex((frame) => !this.take(frame));
    return refused === -1 ? frames.length : refused;
  }

  private take(frame: OutboundFrame): boolean {
    const encoded = frame.encodedBy(this.owner.codec);
    const unsent = this.unsentBytes;
    if (unsent > 0 && unsent + encoded.length > this.terms.maxBytes) return false;
    if (this.shared === this.run.length + this.rest.length) this.shared++;
    this.write(encoded);
    return true;
  }

  private writeAll(pieces: readonly Buffer[]): void {
    const last = pieces.length - 1;
    if (last > 0) this.socket.cork();
    pieces.forEach((piece, at) => {
      if (at === last) this.socket.write(piece, this.afterWrite);
      else this.socket.write(piece);
    });
    if (last > 0) this.socket.uncork();
  }

  private compress(messages: readonly Buffer[]): void {
    const { isBinary } = this.owner.codec;
    for (const message of messages) this.ws.send(message, { binary: isBinary }, this.afterWrite);
  }

  private readonly afterWrite = (): void => {
    if (this.unsentBytes > this.terms.maxBytes / 2) return;
    this.releaseStates();
    this.owner.onDrained();
  };

  private releaseStates(): void {
    if (this.states === undefined) return;
    for (const [key, frame] of this.states) {
      if (!this.take(frame)) return;
      this.states.delete(key);
    }
    this.states = undefined;
  }
}
