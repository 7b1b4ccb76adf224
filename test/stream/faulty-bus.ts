import { type BusListener, type Cancel, TopicBus } from '../../src/realtime/index.js';
import type { Chance } from './chance.js';
import type { SteppedClock } from './stepped-clock.js';

export interface BusFaults {
  readonly lostPercent: number;
  readonly repeatedPercent: number;
  /** Each message takes up to this long, so that they overtake each other. */
  readonly delayMs: number;
}

/** A bus that loses, repeats and reorders. */
export class FaultyBus extends TopicBus {
  private readonly channels = new Map<string, Set<BusListener>>();

  constructor(
    private readonly clock: SteppedClock,
    private readonly chance: Chance,
    private readonly faults: BusFaults,
  ) {
    super();
  }

  publish(channel: string, message: object): void {
    if (this.chance.happens(this.faults.lostPercent)) return;
    this.deliverLater(channel, message);
    if (this.chance.happens(this.faults.repeatedPercent)) this.deliverLater(channel, message);
  }

  async subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    await this.pause();
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners);
    listeners.add(listener);
    await this.pause();
    return () => listeners.delete(listener);
  }

  private deliverLater(channel: string, message: object): void {
    void this.pause().then(() => {
      for (const listener of this.channels.get(channel) ?? []) listener(structuredClone(message));
    });
  }

  private pause(): Promise<void> {
    return this.clock.sleep(this.chance.below(this.faults.delayMs + 1));
  }
}
