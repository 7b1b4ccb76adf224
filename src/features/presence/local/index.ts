export { Announcer, presenceChannel } from './announcer.js';
export { LocalPresenceService } from './local-presence.service.js';
