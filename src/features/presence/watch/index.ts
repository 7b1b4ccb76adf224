export { PresenceFeed } from './presence-feed.js';
export { PresenceWatching } from './presence-watching.js';
