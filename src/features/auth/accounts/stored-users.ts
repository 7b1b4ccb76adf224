import { Injectable } from '@nestjs/common';
import { InjectStore, type Store } from '../../../storage/index.js';
import { store as definition } from './accounts.store.js';
import { foldUsername, isId, isUsername } from './names.js';
import type { User } from './user.js';
import { Users } from './users.js';

@Injectable()
export class StoredUsers extends Users {
  constructor(@InjectStore(definition) private readonly store: Store<typeof definition>) {
    super();
  }

  async byIds(ids: readonly string[]): Promise<User[]> {
    const wanted = [...new Set(ids.filter(isId))];
    if (wanted.length === 0) return [];
    return inOrder(wanted, await this.store.byIds(wanted), (user) => user.id);
  }

  async byUsernames(usernames: readonly string[]): Promise<User[]> {
    const wanted = [...new Set(usernames.filter(isUsername).map(foldUsername))];
    if (wanted.length === 0) return [];
    return inOrder(wanted, await this.store.byUsernames(wanted), (user) => user.username);
  }

  async byIdsOrUsernames(ids: readonly string[], usernames: readonly string[]): Promise<User[]> {
    const found = await Promise.all([this.byIds(ids), this.byUsernames(usernames)]);
    return once(found.flat());
  }
}

function once(users: readonly User[]): User[] {
  return [...new Map(users.map((user) => [user.id, user])).values()];
}

function inOrder(
  keys: readonly string[],
  users: readonly User[],
  keyOf: (user: User) => string | null,
): User[] {
  const found = new Map(users.map((user) => [keyOf(user), user]));
  return keys.flatMap((key) => found.get(key) ?? []);
}
