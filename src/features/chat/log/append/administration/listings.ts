import type { RoomsTable } from '../../../records/index.js';

/** The channels that a batch of changes created, renamed or archived. */
export class Listings {
  readonly #changed = new Set<RoomsTable>();

  /** Rooms of another kind are found by nobody. */
  note(room: RoomsTable): void {
    if (room.kind === 'channel') this.#changed.add(room);
  }

  /** What is to be listed anew; afterwards nothing is. */
  takePending(): RoomsTable[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }
}
