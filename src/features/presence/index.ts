export { PresenceModule } from './presence.module.js';
export type { PresenceSettings } from './presence.settings.js';
export { presenceMigrations } from './state/index.js';
