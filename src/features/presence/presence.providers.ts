import { Logger, type Provider } from '@nestjs/common';
import { Clock, newId, TopicBus } from '../../realtime/index.js';
import { type Store, storeToken } from '../../storage/index.js';
import { LeaseTable, PresenceLeases } from './leases/index.js';
import { Announcer } from './local/index.js';
import { PresenceReader, presenceStore } from './state/index.js';
import { Visibility } from './visibility.js';
import { PresenceFeed } from './watch/index.js';

const logger = new Logger('Presence');

/** The embedded service is one node, whose leases live in its own memory. */
const leases: Provider = {
  provide: PresenceLeases,
  inject: [Clock],
  useFactory: (clock: Clock) => new LeaseTable(clock).node(newId()),
};

const announcer: Provider = {
  provide: Announcer,
  inject: [Clock, TopicBus, PresenceLeases, storeToken(presenceStore)],
  useFactory: (clock: Clock, bus: TopicBus, held: PresenceLeases, store: Store<typeof presenceStore>) =>
    new Announcer({
      clock,
      bus,
      leases: held,
      see: async (sightings) => store.see({ sightings, nowMs: clock.now() }),
      onTrouble: (err) => logger.warn({ err }, 'presence could not be announced; trying again'),
    }),
};

const feed: Provider = {
  provide: PresenceFeed,
  inject: [Clock, TopicBus, PresenceReader, Visibility],
  useFactory: (clock: Clock, bus: TopicBus, reader: PresenceReader, visibility: Visibility) =>
    new PresenceFeed({
      clock,
      bus,
      facts: async (userIds) => reader.facts(userIds),
      visibility,
      onTrouble: (err) => logger.warn({ err }, 'presence could not be read; trying again'),
    }),
};

/** What presence's module provides beside its own classes. */
export const presenceProviders: Provider[] = [leases, announcer, feed];
