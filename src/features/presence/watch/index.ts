export { BlockFollowing } from './block-following.js';
export { PresenceFeed } from './presence-feed.js';
export { PresenceWatching } from './presence-watching.js';
