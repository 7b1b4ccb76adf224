export { ChoiceChanges } from './choice-changes.js';
export { presenceMigrations } from './migrations.js';
export {
  type ChosenStatus,
  hidden,
  isTellable,
  type Presence,
  type PresenceChoice,
  type PresenceFacts,
  seenByOthers,
  seenBySelf,
} from './presence.js';
export { PresenceReader } from './presence-reader.js';
export { type Sighting, store as presenceStore } from './presence.store.js';
