import {
  type Announcements,
  type Farewell,
  PresenceLeases,
} from '../../src/features/presence/leases/index.js';
import { type BusListener, type Cancel, Clock, TopicBus } from '../../src/realtime/index.js';
import { MemoryTopicBus } from '../../src/realtime/fanout/topic-bus.memory.js';
import type { Chance } from '../stream/chance.js';
import { RecordedConnection } from '../stream/recorded-connection.js';

export const IDLE_MS = 10_000;

/** A connection that is in use, or not. */
export class UsedConnection extends RecordedConnection {
  #isBusy = true;

  constructor(
    private readonly clock: Clock,
    id: string,
    userId: string,
  ) {
    super(id, userId);
    Object.defineProperty(this, 'lastFrameAtMs', {
      get: () => (this.#isBusy ? this.clock.monotonicMs() : -IDLE_MS),
    });
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  turn(isBusy: boolean): void {
    this.#isBusy = isBusy;
  }
}

/** A bus that may lose, repeat and hold up what crosses between nodes. */
export class BadBus extends TopicBus {
  isBad = false;
  private readonly good = new MemoryTopicBus();

  constructor(
    private readonly clock: Clock,
    private readonly chance: Chance,
  ) {
    super();
  }

  publish(channel: string, message: object): void {
    const copies = this.isBad ? this.chance.below(3) : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delayMs = this.isBad ? this.chance.below(5_000) : 1;
      this.clock.after(delayMs, () => this.good.publish(channel, message));
    }
  }

  async subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    return await this.good.subscribe(channel, listener);
  }
}

/** A process's clock: what was planned dies with the process. */
export class ProcessClock extends Clock {
  isDead = false;

  constructor(private readonly clock: Clock) {
    super();
  }

  now(): number {
    return this.clock.now();
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.clock.after(delayMs, () => this.isDead || task());
  }

  every(periodMs: number, task: () => void): Cancel {
    return this.clock.every(periodMs, () => this.isDead || task());
  }
}

/** One process's way to the leases: it takes time, and may be cut. */
export class DistantLeases extends PresenceLeases {
  isCut = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly held: PresenceLeases,
    private readonly chance: Chance,
    private readonly clock: Clock,
  ) {
    super();
  }

  get ttlMs(): number {
    return this.held.ttlMs;
  }

  open = async () => this.call(async () => this.held.open());
  complete = async () => this.call(async () => this.held.complete());
  announce = async (said: Announcements) => this.call(async () => this.held.announce(said));
  renew = async () => this.call(async () => this.held.renew());
  leave = async (all: ReadonlyMap<string, Farewell>) => this.call(async () => this.held.leave(all));
  read = async (userIds: readonly string[]) => this.call(async () => this.held.read(userIds));

  onReturn(listener: () => void): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  mend(): void {
    if (!this.isCut) return;
    this.isCut = false;
    for (const listener of this.listeners) listener();
  }

  private async call<Result>(make: () => Promise<Result>): Promise<Result> {
    await this.pass();
    const result = await make();
    await this.pass();
    return result;
  }

  private async pass(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.after(this.chance.below(20), resolve));
    if (this.isCut) throw new Error('the leases are away');
  }
}
