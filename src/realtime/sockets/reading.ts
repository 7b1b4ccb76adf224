import type { WebSocket } from 'ws';
import type { Cancel, Clock } from '../clock/clock.js';

/** Discarded messages after which a peer is read slowly. */
const BATCH = 1000;
/** So many of them are then read in a millisecond, of all such peers together. Each costs one to three microseconds. */
const DISCARDED_PER_MS = 50;

/** The sockets of this node that are read slowly share what it spends on them. */
export class Brakes {
  /** How many there are. */
  size = 0;

  constructor(private readonly clock: Clock) {}

  /** Calls back when so many discarded messages are paid for. */
  after(discarded: number, task: () => void): Cancel {
    return this.clock.after((discarded * this.size) / DISCARDED_PER_MS, task);
  }
}

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
    private readonly brakes: Brakes,
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
    this.brakes.size += 1;
    this.ws.pause();
    this.wait();
  }

  /** The socket has closed. */
  end(): void {
    this.cancel?.();
    this.letGo();
  }

  /** What was read before the pause still comes, and is waited for as well. */
  private wait(): void {
    const { discarded } = this;
    this.discarded = 0;
    this.cancel = this.brakes.after(discarded, () => {
      if (this.discarded >= BATCH) {
        this.wait();
        return;
      }
      this.letGo();
      this.goOn();
    });
  }

  private letGo(): void {
    if (this.isBraked) this.brakes.size -= 1;
    this.isBraked = false;
  }

  private goOn(): void {
    if (!this.isHeld && !this.isBraked) this.ws.resume();
  }
}
