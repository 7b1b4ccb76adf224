import type { PinsTable, ReactionCountsTable, ReactionsTable, ReactionView } from '../../../records/index.js';

/** Rows to be written or, where they are gone, deleted. */
export interface PendingMarks {
  /** Messages that lose all of them, before anything else is written. */
  readonly erased: readonly Place[];
  readonly reacted: readonly ReactionsTable[];
  readonly unreacted: readonly ReactionsTable[];
  /** A count of 0: there is no such reaction any more. */
  readonly counts: readonly ReactionCountsTable[];
  readonly pinned: readonly PinsTable[];
  readonly unpinned: readonly PinsTable[];
}

export interface Place {
  readonly room_id: string;
  readonly message_seq: number;
}

const placeOf = ({ room_id, message_seq }: Place): string => `${room_id} ${message_seq}`;
const reactionOf = (row: ReactionsTable): string => `${placeOf(row)} ${row.user_id} ${row.emoji}`;

/**
 * What members put on messages, as far as a batch of changes knows it: all counts of the messages that it speaks of,
 * and the actors' own reactions to them.
 */
export class Marks {
  readonly #counts = new Map<string, Map<string, ReactionCountsTable>>();
  readonly #reactions = new Set<string>();
  readonly #pins = new Map<string, PinsTable>();

  #erased: Place[] = [];
  readonly #changedReactions = new Map<string, ReactionsTable>();
  readonly #changedCounts = new Set<ReactionCountsTable>();
  readonly #changedPins = new Map<string, PinsTable>();

  knowCount(row: ReactionCountsTable): void {
    const ofMessage = this.#counts.get(placeOf(row)) ?? new Map<string, ReactionCountsTable>();
    ofMessage.set(row.emoji, row);
    this.#counts.set(placeOf(row), ofMessage);
  }

  knowReaction(row: ReactionsTable): void {
    this.#reactions.add(reactionOf(row));
  }

  knowPin(row: PinsTable): void {
    this.#pins.set(placeOf(row), row);
  }

  hasReaction(row: ReactionsTable): boolean {
    return this.#reactions.has(reactionOf(row));
  }

  isPinned(place: Place): boolean {
    return this.#pins.has(placeOf(place));
  }

  /** How many reacted with this emoji. */
  count({ emoji, ...place }: Place & { readonly emoji: string }): number {
    return this.#counts.get(placeOf(place))?.get(emoji)?.count ?? 0;
  }

  /** How many different emoji the message has. */
  kinds(place: Place): number {
    return this.#standing(place).length;
  }

  /** The message's reactions as this user is answered them. */
  reactionsFor(userId: string, place: Place): ReactionView[] {
    return this.#standing(place)
      .toSorted((one, other) => one.first_seq - other.first_seq)
      .map(({ room_id, message_seq, emoji, count }) => ({
        emoji,
        count,
        mine: this.#reactions.has(reactionOf({ room_id, message_seq, user_id: userId, emoji })),
      }));
  }

  react(row: ReactionsTable, eventSeq: number): void {
    this.#reactions.add(reactionOf(row));
    this.#changedReactions.set(reactionOf(row), row);
    this.#add(row, 1, eventSeq);
  }

  unreact(row: ReactionsTable, eventSeq: number): void {
    this.#reactions.delete(reactionOf(row));
    this.#changedReactions.set(reactionOf(row), row);
    this.#add(row, -1, eventSeq);
  }

  pin(row: PinsTable): void {
    this.#pins.set(placeOf(row), row);
    this.#changedPins.set(placeOf(row), row);
  }

  unpin(place: Place): void {
    const row = this.#pins.get(placeOf(place));
    this.#pins.delete(placeOf(place));
    if (row) this.#changedPins.set(placeOf(place), row);
  }

  /** Takes everything off a message. */
  erase(place: Place): void {
    const counts = [...(this.#counts.get(placeOf(place))?.values() ?? [])];
    for (const row of counts) this.#changedCounts.delete(row);
    this.#counts.delete(placeOf(place));
    for (const [key, row] of this.#changedReactions) {
      if (placeOf(row) === placeOf(place)) this.#changedReactions.delete(key);
    }
    for (const key of this.#reactions) if (key.startsWith(`${placeOf(place)} `)) this.#reactions.delete(key);
    this.#pins.delete(placeOf(place));
    this.#changedPins.delete(placeOf(place));
    this.#erased.push(place);
  }

  /** What is to be written; afterwards nothing is. */
  takePending(): PendingMarks {
    const reactions = [...this.#changedReactions.values()];
    const pins = [...this.#changedPins.values()];
    const pending = {
      erased: this.#erased,
      reacted: reactions.filter((row) => this.hasReaction(row)),
      unreacted: reactions.filter((row) => !this.hasReaction(row)),
      counts: [...this.#changedCounts],
      pinned: pins.filter((row) => this.isPinned(row)),
      unpinned: pins.filter((row) => !this.isPinned(row)),
    };
    this.#erased = [];
    for (const changed of [this.#changedReactions, this.#changedCounts, this.#changedPins]) changed.clear();
    return pending;
  }

  #standing(place: Place): ReactionCountsTable[] {
    return [...(this.#counts.get(placeOf(place))?.values() ?? [])].filter(({ count }) => count > 0);
  }

  #add({ room_id, message_seq, emoji }: ReactionsTable, change: 1 | -1, eventSeq: number): void {
    const place = { room_id, message_seq };
    const known = this.#counts.get(placeOf(place))?.get(emoji);
    const row = known ?? { ...place, emoji, count: 0, first_seq: eventSeq };
    if (row.count === 0) row.first_seq = eventSeq;
    row.count += change;
    this.knowCount(row);
    this.#changedCounts.add(row);
  }
}
