export { LivenessView, type Reading } from './liveness-view.js';
export { OwnUsers } from './own-users.js';
export {
  type Announcements,
  type Census,
  type Farewell,
  type Liveness,
  PresenceLeases,
} from './presence-leases.js';
export { LeaseTable } from './presence-leases.memory.js';
export { RedisPresenceLeases } from './presence-leases.redis.js';
