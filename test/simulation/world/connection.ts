import { CatchUp } from '../../../src/realtime/fanout/catch-up.js';
import type { Recipient } from '../../../src/realtime/fanout/recipient.js';
import { FrameRun } from '../../../src/realtime/frames/frame-run.js';
import {
  type CloseReason,
  Connection,
  Counter,
  type OutboundFrame,
  type Principal,
  type UserActor,
} from '../../../src/realtime/index.js';
import type { NodeClock } from './time.js';

const catchUps = new Counter();

/** How fast a client reads: so many frames at once, and at most so many of an order wait for it. */
export interface Reading {
  readonly everyMs: number;
  readonly room: number;
}

/** What a connection needs of its world. */
export interface ConnectionTerms {
  readonly id: string;
  readonly userId: string;
  readonly clock: NodeClock;
  readonly reading: Reading;
  readonly onFrame: (frame: OutboundFrame) => void;
  /** The node closes it. */
  readonly onClose: (close: CloseReason) => void;
}

/** A client's connection to a node, with an outbox that drains as fast as the client reads. */
export class SimulatedConnection extends Connection implements Recipient {
  readonly id: string;
  readonly principal: Principal;
  readonly subprotocol = 'chat';
  readonly userAgent = '';
  readonly remoteAddress = '127.0.0.1';
  readonly openedAtMs: number;
  readonly catchUp: CatchUp;
  isAttached = false;
  isEnding = false;
  private unsent: OutboundFrame[] = [];
  private readonly states = new Map<string, OutboundFrame>();
  private isDraining = false;

  constructor(private readonly terms: ConnectionTerms) {
    super();
    this.id = terms.id;
    this.principal = { userId: terms.userId, sessionId: `session of ${terms.userId}`, expiresAtMs: null };
    this.openedAtMs = terms.clock.now();
    this.catchUp = new CatchUp(this, catchUps, terms.clock);
  }

  readonly outbox = {
    isFullNow: (): boolean => this.unsent.length > this.terms.reading.room,
    get isFull(): boolean {
      return this.isFullNow();
    },
    offer: ({ frames }: FrameRun): number => {
      const taken = frames.slice(0, Math.max(this.terms.reading.room - this.unsent.length, 0));
      for (const frame of taken) this.take(frame);
      return taken.length;
    },
    dropStates: (prefix: string): void => {
      for (const key of this.states.keys()) if (key.startsWith(prefix)) this.states.delete(key);
    },
  };

  get actor(): UserActor {
    return { kind: 'user', userId: this.principal.userId, sessionId: this.principal.sessionId };
  }

  /** Every client answers each ping. */
  get lastFrameAtMs(): number {
    return this.terms.clock.monotonicMs();
  }

  push(): never {
    throw new Error('nothing that is simulated pushes so');
  }

  pushFrame(frame: OutboundFrame): void {
    this.take(frame);
  }

  pushState(key: string, frame: OutboundFrame): void {
    if (!this.states.has(key) && this.outbox.offer(new FrameRun([frame])) === 1) return;
    this.states.delete(key);
    this.states.set(key, frame);
  }

  prolong(): never {
    throw new Error('nothing that is simulated prolongs');
  }

  closeOnceAnswered(close: CloseReason): void {
    this.close(close);
  }

  close(close: CloseReason): void {
    if (!this.isEnding) this.terms.onClose(close);
  }

  /** It is over: what the client has not read yet is lost. */
  end(): void {
    this.isEnding = true;
    this.isAttached = false;
    this.unsent = [];
    this.catchUp.clear();
  }

  private take(frame: OutboundFrame): void {
    if (this.isEnding) return;
    this.unsent.push(frame);
    this.drainLater();
  }

  private drainLater(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.terms.clock.after(this.terms.reading.everyMs, () => this.drain());
  }

  private drain(): void {
    this.isDraining = false;
    const read = this.unsent.splice(0, Math.max(1, this.terms.reading.room));
    for (const frame of read) if (!this.isEnding) this.terms.onFrame(frame);
    if (this.unsent.length > 0) this.drainLater();
    if (this.unsent.length <= this.terms.reading.room / 2) this.onDrained();
  }

  private onDrained(): void {
    for (const [key, frame] of this.states) {
      if (this.outbox.offer(new FrameRun([frame])) === 0) break;
      this.states.delete(key);
    }
    this.catchUp.run();
  }
}
