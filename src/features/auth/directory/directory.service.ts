import { Inject, Injectable } from '@nestjs/common';
import { Cursors, forbidden } from '../../../realtime/index.js';
import { fitting, InjectStore, type Store } from '../../../storage/index.js';
import { foldDisplayName } from '../accounts/names.js';
import type { User } from '../accounts/user.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { type DirectoryPlace, store as directoryStore } from './directory.store.js';

const DEFAULT_LIMIT = 50;

const CURSORS = new Cursors<[string, string]>('user.find', ['string', 'string']);

export interface DirectorySearch {
  readonly query: string;
  /** The `nextCursor` of the part before; undefined for the first. */
  readonly cursor?: string;
  /** Default: 50. */
  readonly limit?: number;
}

export interface FoundUsers {
  readonly users: readonly User[];
  /** `null`: there are no more. */
  readonly nextCursor: string | null;
}

/** Finds users by the beginning of their names. */
@Injectable()
export class DirectoryService {
  constructor(
    @InjectStore(directoryStore) private readonly store: Store<typeof directoryStore>,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  /** In the order of the names that they are found by; deleted users are not. `FORBIDDEN` where only exact names count. */
  async find({ query, cursor, limit = DEFAULT_LIMIT }: DirectorySearch): Promise<FoundUsers> {
    if (!this.settings.isDirectoryOpen) throw forbidden('users are found by their exact names only');
    const prefix = foldDisplayName(query);
    const after = cursor === undefined ? null : placeOf(cursor, prefix);
    // No name has a U+0000, and no database is asked for one.
    if (prefix.includes('\0')) return { users: [], nextCursor: null };
    const { found, next } = await this.store.find({ prefix, after, limit });
    const users = fitting(
      found.map(({ user }) => user),
      this.settings.maxAnswerBytes,
    );
    const place = users.length < found.length ? found[users.length - 1] : next;
    return { users, nextCursor: place ? CURSORS.write([prefix], [place.key, place.userId]) : null };
  }
}

function placeOf(cursor: string, prefix: string): DirectoryPlace {
  const [key, userId] = CURSORS.read([prefix], cursor);
  return { key, userId };
}
