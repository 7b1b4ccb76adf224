import type { User } from './user.js';

/** Knows users. One read of the store for each call, whatever its length. */
export abstract class Users {
  /** In the order of `ids`, each once; unknown ones are left out, deleted users are not. */
  abstract byIds(ids: readonly string[]): Promise<User[]>;

  /** Those of both lists, each user once. */
  abstract byIdsOrUsernames(ids: readonly string[], usernames: readonly string[]): Promise<User[]>;

  /** By exact, case-folded names, in the order of `usernames`, each once; unknown ones are left out. */
  abstract byUsernames(usernames: readonly string[]): Promise<User[]>;
}
