import type { OutboundFrame } from '../../../../realtime/index.js';

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

interface Cached {
  readonly frame: OutboundFrame;
  /** The message whose words are in the frame, as a key of `showing`. */
  readonly message: string | undefined;
  /** Of all that the frame is encoded to. */
  bytes: number;
}

/**
 * The encoded events that were last pushed on this node, of all rooms together, so that those who fell behind a little
 * are brought up without a read and without encoding again. The oldest go first when `maxBytes` is passed, all
 * subprotocols together.
 */
export class FrameCache {
  private readonly frames = new Map<string, Cached>();
  /** The frames that show each message: the one that first carried it, and those of its edits. */
  private readonly showing = new Map<string, Set<string>>();
  private bytes = 0;
  /** It goes on from where it was: a new one would first have to pass over the places of all that were removed. */
  private oldest = this.frames.keys();

  constructor(private readonly maxBytes: number = DEFAULT_MAX_BYTES) {}

  get(roomId: string, seq: number): OutboundFrame | undefined {
    return this.frames.get(keyOf(roomId, seq))?.frame;
  }

  /** Keeps the frame of an event; `messageSeq` is the message that the event shows, if it shows one. */
  put(roomId: string, seq: number, frame: OutboundFrame, messageSeq?: number): void {
    const key = keyOf(roomId, seq);
    this.remove(key);
    const message = messageSeq === undefined ? undefined : keyOf(roomId, messageSeq);
    const cached: Cached = { frame, message, bytes: 0 };
    this.frames.set(key, cached);
    if (message !== undefined) this.showing.set(message, (this.showing.get(message) ?? new Set()).add(key));
    // What nobody has been sent yet counts too.
    const { length } = frame.text;
    frame.onEncoded = (bytes) => this.grow(cached, bytes);
    this.grow(cached, Math.max(length, frame.bytes));
  }

  /** A message whose content was erased in the log must not live on here, in no frame that shows it. */
  forgetMessage(roomId: string, messageSeq: number): void {
    for (const key of this.showing.get(keyOf(roomId, messageSeq)) ?? []) this.remove(key);
  }

  /** Forgets what shows messages below the floors of their rooms. Costs a look at each message that is shown. */
  forgetBelow(floors: ReadonlyMap<string, number>): void {
    if (floors.size === 0) return;
    for (const [message, keys] of this.showing) {
      const [roomId = '', seq] = message.split(' ');
      if (Number(seq) < (floors.get(roomId) ?? 0)) for (const key of keys) this.remove(key);
    }
  }

  clear(): void {
    for (const key of this.frames.keys()) this.remove(key);
  }

  /** By what the frame is encoded to: when it comes, and when a connection of another subprotocol is sent it. */
  private grow(cached: Cached, bytes: number): void {
    cached.bytes += bytes;
    this.bytes += bytes;
    while (this.bytes > this.maxBytes) {
      const oldest = this.next() ?? this.firstAgain();
      if (oldest === undefined) return;
      this.remove(oldest);
    }
  }

  private next(): string | undefined {
    return this.oldest.next().value;
  }

  /** An iterator that has come to the end once stays there. */
  private firstAgain(): string | undefined {
    this.oldest = this.frames.keys();
    return this.next();
  }

  private remove(key: string): void {
    const cached = this.frames.get(key);
    if (cached === undefined) return;
    this.frames.delete(key);
    cached.frame.onEncoded = undefined;
    this.bytes -= cached.bytes;
    if (cached.message === undefined) return;
    const showing = this.showing.get(cached.message);
    showing?.delete(key);
    if (showing?.size === 0) this.showing.delete(cached.message);
  }
}

const keyOf = (roomId: string, seq: number): string => `${roomId} ${seq}`;
