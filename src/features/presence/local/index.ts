export { Announcer, presenceChannel } from './announcer.js';
export { LeaseKeeper } from './lease-keeper.js';
export { LocalPresenceService } from './local-presence.service.js';
