import type { Connection } from '../connection/connection.js';
import type { FrameRun } from '../frames/frame-run.js';

/** A connection as fan-out sees it. */
export interface Recipient extends Connection {
  /** True from the moment at which the connection is to take nothing more. */
  readonly isEnding: boolean;
  readonly outbox: {
    /** Whether nothing of an order would be taken. */
    readonly isFull: boolean;
    /** Takes the frames of an order that fit, and gives how many: the first ones. */
    offer(run: FrameRun): number;
    /** Gives up the state frames that still wait for room and whose keys begin so. */
    dropStates(prefix: string): void;
  };
  readonly catchUp: {
    /** Queues a subscription that has fallen behind. */
    add(subscription: LaggingSubscription): void;
  };
}

/** `more`: call again. `full`: the outbox has no room; call again when it has drained. `done`: up to date. */
export type CatchUpOutcome = 'more' | 'full' | 'done';

/** A subscription that is behind its topic. */
export interface LaggingSubscription {
  /** False once it is up to date. */
  readonly isLagging: boolean;
  /** Sends the next stretch of what is missing. */
  advance(): Promise<CatchUpOutcome>;
}
