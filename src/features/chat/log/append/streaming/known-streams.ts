/** A user's stay in a room. */
type Stay = readonly [roomId: string, userId: string];

/** The streams that a batch of changes stands on, and the users whose streams it cuts off. */
export class KnownStreams {
  readonly #open = new Set<string>();
  #silenced: Stay[] = [];

  open(roomId: string, senderId: string, clientId: string): void {
    this.#open.add(keyOf(roomId, senderId, clientId));
  }

  close(roomId: string, senderId: string, clientId: string): void {
    this.#open.delete(keyOf(roomId, senderId, clientId));
  }

  /** Whether the sender is saying this message little by little. */
  isOpen(roomId: string, senderId: string, clientId: string): boolean {
    return this.#open.has(keyOf(roomId, senderId, clientId));
  }

  /** Takes note that the user may not say any more in the room. */
  silence(roomId: string, userId: string): void {
    this.#silenced.push([roomId, userId]);
  }

  /** Whose streams are to be cut off; afterwards nobody's are. */
  takeSilenced(): readonly Stay[] {
    const silenced = this.#silenced;
    this.#silenced = [];
    return silenced;
  }
}

/** No part can hold the separator: the database takes no such text. */
const keyOf = (...parts: readonly string[]): string => parts.join('\0');
