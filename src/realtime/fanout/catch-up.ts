import { Logger } from '@nestjs/common';
import type { Cancel, Clock } from '../clock/clock.js';
import { CLOSE } from '../connection/close.js';
import type { Counter } from '../metrics/instruments.js';
import { LostPosition } from './lost-position.js';
import type { CatchUpOutcome, LaggingSubscription, Recipient } from './recipient.js';

/** After a source failed, how long until it is asked again. */
const RETRY_MS = 1000;

/** Brings one connection's subscriptions that are behind up to date, one at a time, as fast as its outbox drains. */
export class CatchUp {
  private static readonly logger = new Logger(CatchUp.name);
  private lagging: Set<LaggingSubscription> | undefined;
  private isRunning = false;
  private cancelRetry: Cancel | undefined;

  /** `count` is told how often something fell behind. */
  constructor(
    private readonly connection: Recipient,
    private readonly count: Counter,
    private readonly clock: Clock,
  ) {}

  /** Whether something is behind. */
  get isBehind(): boolean {
    return this.lagging !== undefined;
  }

  /** Queues a subscription behind those that are lagging already. */
  add(subscription: LaggingSubscription): void {
    this.count.add();
    this.lagging ??= new Set();
    this.lagging.add(subscription);
    this.run();
  }

  clear(): void {
    this.lagging = undefined;
    this.cancelRetry?.();
  }

  /** Goes on, if there is something to do and room in the outbox. */
  run(): void {
    if (this.isRunning || this.lagging === undefined || this.connection.outbox.isFull) return;
    this.isRunning = true;
    this.advance().then(
      (outcome) => this.onIdle(outcome),
      (error: unknown) => this.onFailed(error),
    );
  }

  private async advance(): Promise<CatchUpOutcome> {
    for (;;) {
      const [next] = this.lagging ?? [];
      if (next === undefined || this.connection.isEnding) return 'done';
      const outcome = await next.advance();
      if (outcome === 'full') return outcome;
      // Between its last step and here it may have fallen behind again.
      if (!next.isLagging) this.lagging?.delete(next);
    }
  }

  private onIdle(outcome: CatchUpOutcome): void {
    this.isRunning = false;
    if (this.lagging?.size === 0) this.lagging = undefined;
    // What was added after the last step found it still running. A full outbox calls again when it has drained: going
    // on before that would never let it.
    else if (outcome !== 'full' && !this.connection.isEnding) this.run();
  }

  private onFailed(error: unknown): void {
    if (error instanceof LostPosition) return this.connection.close({ code: CLOSE.overload, reason: 'slow' });
    CatchUp.logger.warn({
      msg: 'catching up failed, trying again',
      connectionId: this.connection.id,
      err: error,
    });
    this.cancelRetry = this.clock.after(RETRY_MS, () => {
      this.isRunning = false;
      this.run();
    });
  }
}
