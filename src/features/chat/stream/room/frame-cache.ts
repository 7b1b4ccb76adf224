import type { OutboundFrame } from '../../../../realtime/index.js';

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

interface Cached {
  readonly frame: OutboundFrame;
  /** The message whose words are in the frame, as a key of `showing`. */
  readonly message: string | undefined;
}

/**
 * The encoded events that were last pushed on this node, of all rooms together, so that those who fell behind a little
 * are brought up without a read and without encoding again. The oldest go first when `maxBytes` is passed.
 */
export class FrameCache {
  private readonly frames = new Map<string, Cached>();
  /** The frames that show each message: the one that first carried it, and those of its edits. */
  private readonly showing = new Map<string, Set<string>>();
  private bytes = 0;

  constructor(private readonly maxBytes: number = DEFAULT_MAX_BYTES) {}

  get(roomId: string, seq: number): OutboundFrame | undefined {
    return this.frames.get(keyOf(roomId, seq))?.frame;
  }

  /** Keeps the frame of an event; `messageSeq` is the message that the event shows, if it shows one. */
  put(roomId: string, seq: number, frame: OutboundFrame, messageSeq?: number): void {
    const key = keyOf(roomId, seq);
    this.remove(key);
    const message = messageSeq === undefined ? undefined : keyOf(roomId, messageSeq);
    this.frames.set(key, { frame, message });
    if (message !== undefined) this.showing.set(message, (this.showing.get(message) ?? new Set()).add(key));
    this.bytes += frame.text.length;
    for (const oldest of this.frames.keys()) {
      if (this.bytes <= this.maxBytes) return;
      this.remove(oldest);
    }
  }

  /** A message whose content was erased in the log must not live on here, in no frame that shows it. */
  forgetMessage(roomId: string, messageSeq: number): void {
    for (const key of this.showing.get(keyOf(roomId, messageSeq)) ?? []) this.remove(key);
  }

  private remove(key: string): void {
    const cached = this.frames.get(key);
    if (cached === undefined) return;
    this.frames.delete(key);
    this.bytes -= cached.frame.text.length;
    if (cached.message === undefined) return;
    const showing = this.showing.get(cached.message);
    showing?.delete(key);
    if (showing?.size === 0) this.showing.delete(cached.message);
  }
}

const keyOf = (roomId: string, seq: number): string => `${roomId} ${seq}`;
