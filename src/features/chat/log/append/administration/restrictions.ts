import type { RestrictionsTable } from '../../../records/index.js';

/** Rows to be written or, where they restrict nothing any more, deleted. */
export interface PendingRestrictions {
  readonly kept: readonly RestrictionsTable[];
  readonly lifted: readonly RestrictionsTable[];
}

/** Who is banned from which room, and who is silenced in it, as far as the changes of a batch stand on it. */
export class Restrictions {
  readonly #rows = new Map<string, RestrictionsTable>();
  readonly #changed = new Set<RestrictionsTable>();

  know(row: RestrictionsTable): void {
    this.#rows.set(keyOf(row.room_id, row.user_id), row);
  }

  isBanned(roomId: string, userId: string): boolean {
    return typeof this.#rows.get(keyOf(roomId, userId))?.banned_at === 'number';
  }

  /** Milliseconds since 1970; 0 for one who never was. */
  silencedUntil(roomId: string, userId: string): number {
    return this.#rows.get(keyOf(roomId, userId))?.silenced_until ?? 0;
  }

  restrict(
    roomId: string,
    userId: string,
    values: Partial<Pick<RestrictionsTable, 'banned_at' | 'silenced_until'>>,
  ): void {
    const known = this.#rows.get(keyOf(roomId, userId));
    const row = known ?? { room_id: roomId, user_id: userId, banned_at: null, silenced_until: null };
    Object.assign(row, values);
    this.know(row);
    this.#changed.add(row);
  }

  /** What is to be written; afterwards nothing is. */
  takePending(): PendingRestrictions {
    const changed = [...this.#changed];
    this.#changed.clear();
    const isEmpty = (row: RestrictionsTable) => row.banned_at === null && row.silenced_until === null;
    return { kept: changed.filter((row) => !isEmpty(row)), lifted: changed.filter(isEmpty) };
  }
}

/** No id can hold the separator: the database takes no such text. */
const keyOf = (roomId: string, userId: string): string => `${roomId}\0${userId}`;
