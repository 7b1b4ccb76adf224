import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Database, InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { type ConsumerTerms, termsOf } from './consumer-terms.js';
import { type Registration, store as consumersStore } from './consumers.store.js';
import { ConsumesLog, type LogConsumer } from './log-consumer.js';

/** A consumer that this build has. */
export interface FoundConsumer {
  readonly consumer: LogConsumer;
  readonly terms: ConsumerTerms;
}

/** Knows this build's consumers and those that events are kept for. Faults of either are thrown, with the mend. */
@Injectable()
export class ConsumerRegistry {
  constructor(
    private readonly discovery: DiscoveryService,
    @InjectStore(consumersStore) private readonly store: Store<typeof consumersStore>,
    private readonly database: Database,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'consumers'>,
  ) {}

  /** How long a consumer may go on after a stop has begun. */
  get drainMs(): number {
    return this.settings.consumers.drainMs;
  }

  /** The `@ConsumesLog()` providers. */
  find(): readonly FoundConsumer[] {
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

  /** Keeps events for these from here on, and gives all that events are kept for. */
  async register(found: readonly FoundConsumer[], nowMs: number): Promise<readonly Registration[]> {
    const { forgotten } = this.settings.consumers;
    const both = found.find(({ terms }) => forgotten.includes(terms.name));
    if (both !== undefined) {
      throw new Error(
        `the log's consumer "${both.terms.name}" is here and to be forgotten: take it out of forgetConsumers, or remove its provider`,
      );
    }
    return await this.store.register({
      consumers: found.map(({ terms: { name, types, from } }) => ({ name, types, from })),
      forgotten,
      // One process at a time has the embedded database.
      isAlone: this.database.dialect === 'sqlite',
      nowMs,
    });
  }
}
