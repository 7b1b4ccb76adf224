import type { Kysely } from 'kysely';
import type { ChatTables } from '../records/index.js';
import type { SearchTerm } from './terms.js';

type Db = Kysely<ChatTables>;

/** A message's place and its words' source. */
export interface IndexedText {
  readonly room_id: string;
  readonly seq: number;
  readonly text: string;
}

export interface ChangedText extends IndexedText {
  /** The text that is indexed now, exactly. */
  readonly before: string;
}

export interface IndexQuery {
  readonly userId: string;
  /** Null: all rooms of the user. */
  readonly roomId: string | null;
  /** At least one; a message is found when it has all of them. */
  readonly terms: readonly SearchTerm[];
  /** Only messages before this position. */
  readonly before: number;
  /** Only messages from this position on. */
  readonly from: number;
  /** How many matches are looked at, those in other users' rooms too. */
  readonly limit: number;
}

export interface IndexedPlace {
  /** Rises with the time at which messages were sent. */
  readonly position: number;
  readonly room_id: string;
  readonly seq: number;
}

export interface IndexMatches {
  /** The newest first; only of rooms whose member the user is. */
  readonly places: readonly IndexedPlace[];
  /** The position of the last match that was looked at; null when there are no more. */
  readonly reached: number | null;
}

/**
 * Which words are in which messages. Every call is part of the caller's transaction. What a text's words are is decided
 * by `wordsOf` and not by the database, so that every implementation finds the same.
 */
export interface SearchIndex {
  /** Adds messages that are new. */
  add(db: Db, texts: readonly IndexedText[]): Promise<void>;
  /** Makes other words of messages that are there. They keep their positions. */
  change(db: Db, texts: readonly ChangedText[]): Promise<void>;
  /** Forgets messages that are there: `text` is what is indexed. No word that was theirs alone remains. */
  remove(db: Db, texts: readonly IndexedText[]): Promise<void>;
  /** Indexes the words of all messages anew, and says of how many. */
  rebuild(db: Db): Promise<number>;
  find(db: Db, query: IndexQuery): Promise<IndexMatches>;
  /** The position of the newest message; 0 when there is none. */
  newest(db: Db): Promise<number>;
}
