/** Who has blocked whom, as far as the changes of a batch stand on it. */
export class KnownBlocks {
  readonly #pairs = new Set<string>();

  know(blockerId: string, blockedId: string): void {
    this.#pairs.add(keyOf(blockerId, blockedId));
  }

  has(blockerId: string, blockedId: string): boolean {
    return this.#pairs.has(keyOf(blockerId, blockedId));
  }
}

/** No id can hold the separator: the database takes no such text. */
const keyOf = (blockerId: string, blockedId: string): string => `${blockerId}\0${blockedId}`;
