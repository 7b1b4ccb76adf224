export { PresenceModule } from './presence.module.js';
export type { PresenceSettings } from './presence.settings.js';
