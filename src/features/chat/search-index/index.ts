// Loads no Nest: the log's own store runs it on the database's thread.
export { bringUpToDate, followMessages, forgetMessages, searchIndex } from './follow.store.js';
export type {
  ChangedText,
  IndexedPlace,
  IndexedText,
  IndexMatches,
  IndexQuery,
  SearchIndex,
} from './search-index.js';
export { type SearchTerm, termsOf } from './terms.js';
export { type Word, wordsOf } from './words.js';
export { vectorText } from './search-index.postgres.store.js';
