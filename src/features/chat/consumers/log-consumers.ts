import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { type Cancel, Clock, newId } from '../../../realtime/index.js';
import { Database, InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { Outbox } from '../log/index.js';
import { ConsumerFeed } from './consumer-feed.js';
import { type ConsumerTerms, termsOf } from './consumer-terms.js';
import { type Registration, store as consumersStore } from './consumers.store.js';
import { ConsumesLog, type LogConsumer } from './log-consumer.js';

/** How late events are found at most of which no commit of this node told: another node's, or one of unknown outcome. */
const LOOK_MS = 3_000;

/** Finds the `@ConsumesLog()` providers, has their events kept, and feeds each. */
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
    private readonly discovery: DiscoveryService,
    @InjectStore(consumersStore) private readonly store: Store<typeof consumersStore>,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'consumers'>,
  ) {}

  /** From here on no event is missed. */
  async onModuleInit(): Promise<void> {
    const consumers = this.findConsumers();
    const kept = await this.register(consumers.map(({ terms }) => terms));
    const around = { store: this.store, clock: this.clock, holder: this.#holder };
    for (const { consumer, terms } of consumers) {
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

  /** The first that a stop does. What consumers are at may go on while connections are closed. */
  onModuleDestroy(): void {
    this.#stopLooking?.();
    for (const feed of this.#feeds.values()) feed.stop(this.settings.consumers.drainMs);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map(async (feed) => feed.ended()));
    if (this.#feeds.size > 0) await this.store.release(this.#holder);
  }

  private wake(name: string): void {
    if (this.#isStarted) this.#feeds.get(name)?.wake();
  }

  private findConsumers(): { consumer: LogConsumer; terms: ConsumerTerms }[] {
    const found = this.discovery.getProviders({ metadataKey: ConsumesLog.KEY });
    const dependent = found.find((provider) => !provider.isDependencyTreeStatic());
    if (dependent !== undefined) {
      throw new Error(
        `the log's consumer ${dependent.name} is request-scoped, and there is no request: remove the scope from it and from what it injects`,
      );
    }
    const consumers = [...new Set(found.map(({ instance }) => instance as LogConsumer))];
    const terms = termsOf(consumers);
    return consumers.flatMap((consumer, index) => {
      const own = terms[index];
      return own === undefined ? [] : [{ consumer, terms: own }];
    });
  }

  private async register(consumers: readonly ConsumerTerms[]): Promise<readonly Registration[]> {
    const { forgotten } = this.settings.consumers;
    const both = consumers.find(({ name }) => forgotten.includes(name));
    if (both !== undefined) {
      throw new Error(
        `the log's consumer "${both.name}" is here and to be forgotten: take it out of forgetConsumers, or remove its provider`,
      );
    }
    return await this.store.register({
      consumers: consumers.map(({ name, types, from }) => ({ name, types, from })),
      forgotten,
      // One process at a time has the embedded database.
      isAlone: this.database.dialect === 'sqlite',
      nowMs: this.clock.now(),
    });
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
