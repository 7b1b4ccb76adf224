import type { WebSocket } from 'ws';
import type { Cancel, Clock } from '../clock/clock.js';

/** Discarded messages after which a peer is read slowly. */
const BATCH = 1000;
/** So many of them are then read in a millisecond. Each costs about a microsecond: a twentieth of a core. */
const DISCARDED_PER_MS = 50;

/**
 * When a socket is read: not while too many of its requests wait, and slowly while what it sends is thrown away. Otherwise a
 * few peers that send as fast as they can would keep the node from everyone else.
 */
export class Reading {
  private isHeld = false;
  private isBraked = false;
  private discarded = 0;
  private cancel: Cancel | undefined;

  constructor(
    private readonly ws: Pick<WebSocket, 'pause' | 'resume'>,
    private readonly after: Clock['after'],
  ) {}

  /** Reads nothing until `release`. */
  hold(): void {
    this.isHeld = true;
    this.ws.pause();
  }

  release(): void {
    this.isHeld = false;
    this.goOn();
  }

  /** A message, a ping or a pong was thrown away unread. */
  onDiscarded(): void {
    this.discarded += 1;
    if (this.isBraked || this.discarded < BATCH) return;
    this.isBraked = true;
    this.ws.pause();
    this.wait();
  }

  /** The socket has closed. */
  end(): void {
    this.cancel?.();
  }

  /** What was read before the pause still comes, and is waited for as well. */
  private wait(): void {
    const ms = this.discarded / DISCARDED_PER_MS;
    this.discarded = 0;
    this.cancel = this.after(ms, () => {
      if (this.discarded >= BATCH) {
        this.wait();
        return;
      }
      this.isBraked = false;
      this.goOn();
    });
  }

  private goOn(): void {
    if (!this.isHeld && !this.isBraked) this.ws.resume();
  }
}
