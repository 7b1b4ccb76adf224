import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { type Cancel, Clock, newId } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { Outbox } from '../log/index.js';
import { ConsumerFeed } from './consumer-feed.js';
import { ConsumerRegistry } from './consumer-registry.js';
import { type Registration, store as consumersStore } from './consumers.store.js';

/** How late events are found at most of which no commit of this node told: another node's, or one of unknown outcome. */
const LOOK_MS = 3_000;

/** Has events kept for this build's consumers, and feeds each of them while the service runs. */
@Injectable()
export class LogConsumers
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly #logger = new Logger('Consumers');
  readonly #holder = newId();
  readonly #feeds = new Map<string, ConsumerFeed>();
  #isStarted = false;
  #stopLooking: Cancel | undefined;

  constructor(
    private readonly registry: ConsumerRegistry,
    @InjectStore(consumersStore) private readonly store: Store<typeof consumersStore>,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** From here on no event is missed. */
  async onModuleInit(): Promise<void> {
    const found = this.registry.find();
    const kept = await this.registry.register(found, this.clock.now());
    const around = { store: this.store, clock: this.clock, holder: this.#holder };
    for (const { consumer, terms } of found) {
      this.#feeds.set(terms.name, new ConsumerFeed(consumer, terms, around));
    }
    this.warnOfMissing(kept);
    const interests = kept.map(({ name, types }) => ({ consumer: name, types }));
    this.outbox.open(interests, (name) => this.wake(name));
  }

  /** Only now is every consumer ready for work. */
  onApplicationBootstrap(): void {
    this.#isStarted = true;
    const look = (): void => {
      for (const feed of this.#feeds.values()) feed.wake();
    };
    if (this.#feeds.size > 0) this.#stopLooking = this.clock.every(LOOK_MS, look);
    look();
  }

  /** How often each consumer has failed in a row. */
  *failures(): Iterable<readonly [string, number]> {
    for (const [name, feed] of this.#feeds) yield [name, feed.failures];
  }

  /** The first that a stop does. What consumers are at may go on while connections are closed. */
  onModuleDestroy(): void {
    this.#stopLooking?.();
    for (const feed of this.#feeds.values()) feed.stop(this.registry.drainMs);
  }

  async onApplicationShutdown(): Promise<void> {
    // The clock's timers let the process end when nothing else is left, and that would be before the database is closed.
    const alive = setInterval(() => undefined, LOOK_MS);
    await Promise.all([...this.#feeds.values()].map(async (feed) => feed.ended()));
    clearInterval(alive);
    if (this.#feeds.size > 0) await this.store.release(this.#holder);
  }

  private wake(name: string): void {
    if (this.#isStarted) this.#feeds.get(name)?.wake();
  }

  private warnOfMissing(kept: readonly Registration[]): void {
    const missing = kept.map(({ name }) => name).filter((name) => !this.#feeds.has(name));
    if (missing.length === 0) return;
    this.#logger.warn({
      msg: 'events are kept for consumers of the log that this build does not have: name them in forgetConsumers if they are gone for good',
      consumers: missing,
    });
  }
}
