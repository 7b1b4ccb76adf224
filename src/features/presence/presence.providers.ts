import { Logger, type Provider } from '@nestjs/common';
import { Clock, newId, SharedRedis, TopicBus } from '../../realtime/index.js';
import { type Store, storeToken } from '../../storage/index.js';
import { LeaseTable, LivenessView, OwnUsers, PresenceLeases, RedisPresenceLeases } from './leases/index.js';
import { Announcer, LeaseKeeper } from './local/index.js';
import { ChoiceChanges, PresenceReader, presenceStore } from './state/index.js';
import { Visibility } from './visibility.js';
import { PresenceFeed } from './watch/index.js';

type PresenceStore = Store<typeof presenceStore>;

const logger = new Logger('Presence');

const warn =
  (message: string) =>
  (err: unknown): void =>
    logger.warn({ err }, message);

/** What presence stands on, on this node. */
interface Ground {
  readonly clock: Clock;
  readonly bus: TopicBus;
  readonly leases: PresenceLeases;
  readonly own: OwnUsers;
}

const GROUND = Symbol('PresenceGround');

const ground: Provider = {
  provide: GROUND,
  inject: [Clock, TopicBus, PresenceLeases, OwnUsers],
  useFactory: (clock: Clock, bus: TopicBus, leases: PresenceLeases, own: OwnUsers): Ground => ({
    clock,
    bus,
    leases,
    own,
  }),
};

/** A node that is alone has its leases in its own memory. */
const leases: Provider = {
  provide: PresenceLeases,
  inject: [Clock, SharedRedis],
  useFactory: (clock: Clock, redis: SharedRedis): PresenceLeases => {
    const nodeId = newId();
    if (redis.commands === null) return new LeaseTable(clock).node(nodeId);
    const onChange = (listener: (isUp: boolean) => void) => redis.onChange(listener);
    return new RedisPresenceLeases({ redis: redis.commands, nodeId, onChange });
  },
};

const view: Provider = {
  provide: LivenessView,
  inject: [GROUND],
  useFactory: (on: Ground) =>
    new LivenessView({
      ...on,
      onTrouble: warn('who is connected cannot be read; it stays as it was until it can'),
    }),
};

const announcer: Provider = {
  provide: Announcer,
  inject: [GROUND, storeToken(presenceStore)],
  useFactory: (on: Ground, store: PresenceStore) =>
    new Announcer({
      ...on,
      see: async (sightings) => store.see({ sightings, nowMs: on.clock.now() }),
      onTrouble: warn('presence could not be announced; trying again'),
    }),
};

const keeper: Provider = {
  provide: LeaseKeeper,
  inject: [GROUND],
  useFactory: (on: Ground) =>
    new LeaseKeeper({ ...on, onTrouble: warn('the lease could not be renewed; trying again') }),
};

const changes: Provider = {
  provide: ChoiceChanges,
  inject: [Clock, storeToken(presenceStore)],
  useFactory: (clock: Clock, store: PresenceStore) =>
    new ChoiceChanges(clock, async (windowMs) => store.changedWithin(windowMs)),
};

const feed: Provider = {
  provide: PresenceFeed,
  inject: [GROUND, PresenceReader, ChoiceChanges, Visibility],
  useFactory: (on: Ground, reader: PresenceReader, chosen: ChoiceChanges, visibility: Visibility) =>
    new PresenceFeed({
      ...on,
      facts: async (userIds) => reader.facts(userIds),
      liveness: reader.view,
      changes: async () => chosen.look(),
      visibility,
      onTrouble: warn('presence could not be read; trying again'),
    }),
};

/** What presence's module provides beside its own classes. */
export const presenceProviders: Provider[] = [
  OwnUsers,
  ground,
  leases,
  view,
  announcer,
  keeper,
  changes,
  feed,
];
