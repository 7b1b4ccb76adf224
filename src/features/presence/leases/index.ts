export { type Announcements, type Liveness, PresenceLeases } from './presence-leases.js';
export { LeaseTable } from './presence-leases.memory.js';
