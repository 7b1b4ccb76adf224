import type { OutboundFrame } from '../../../../realtime/index.js';

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/**
 * The encoded events that were last pushed on this node, of all rooms together, so that those who fell behind a little
 * are brought up without a read and without encoding again. The oldest go first when `maxBytes` is passed.
 */
export class FrameCache {
  private readonly frames = new Map<string, OutboundFrame>();
  private bytes = 0;

  constructor(private readonly maxBytes: number = DEFAULT_MAX_BYTES) {}

  get(roomId: string, seq: number): OutboundFrame | undefined {
    return this.frames.get(keyOf(roomId, seq));
  }

  put(roomId: string, seq: number, frame: OutboundFrame): void {
    this.forget(roomId, seq);
    this.frames.set(keyOf(roomId, seq), frame);
    this.bytes += frame.text.length;
    for (const [key, oldest] of this.frames) {
      if (this.bytes <= this.maxBytes) return;
      this.remove(key, oldest);
    }
  }

  /** An event whose content was erased in the log must not live on here. */
  forget(roomId: string, seq: number): void {
    const key = keyOf(roomId, seq);
    const frame = this.frames.get(key);
    if (frame !== undefined) this.remove(key, frame);
  }

  private remove(key: string, frame: OutboundFrame): void {
    this.frames.delete(key);
    this.bytes -= frame.text.length;
  }
}

const keyOf = (roomId: string, seq: number): string => `${roomId} ${seq}`;
