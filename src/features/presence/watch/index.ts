export { BlockFollowing } from './block-following.js';
export { PresenceComparison } from './comparison.js';
export { PresenceFeed } from './presence-feed.js';
export { PresenceWatching } from './presence-watching.js';
