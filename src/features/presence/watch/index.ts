export { PresenceWatching } from './presence-watching.js';
