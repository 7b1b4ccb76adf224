/**
 * The cases that every implementation of a port passes, for Jest. Call one in a spec, with a way to make the implementation.
 *
 * They are apart from the rest of the kit, which works with any test runner.
 */
export { describeKeyStore, type KeyStoreHome } from '../features/auth/keys/key-store.contract.js';
export { describeTicketStore, type TicketStoreHome } from '../features/auth/tickets/ticket-store.contract.js';
export {
  type LeasesUnderTest,
  presenceLeasesContract as describePresenceLeases,
} from '../features/presence/leases/presence-leases.contract.js';
export {
  type ConnectionDirectoryHome,
  describeConnectionDirectory,
} from '../realtime/caps/connection-directory.contract.js';
export { describeTopicBus, type TopicBusUnderTest } from '../realtime/fanout/topic-bus.contract.js';
export {
  describeRateLimits,
  type MovableClock,
  type RateLimitsUnderTest,
} from '../realtime/limits/rate-limits.contract.js';
export { type DatabaseHome, describeDatabase } from '../storage/contract/database.contract.js';
