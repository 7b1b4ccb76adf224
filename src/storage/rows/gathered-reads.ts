/** So many keys are asked for at once: what comes after them is not to wait for long. */
const MAX_KEYS = 64;

interface Waiting<Found> {
  readonly found: Promise<Found | undefined>;
  readonly resolve: (found: Found | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads one thing for many callers who each ask for their own: those of one turn of the event loop, and those who ask while
 * another call is under way, share one call of the store. Each caller's read starts after they asked, as one of their
 * own would, so it sees every write that had resolved by then.
 */
export class GatheredReads<Key, Found> {
  #waiting = new Map<Key, Waiting<Found>>();
  #isBusy = false;

  /** `read` gives what there is of each key; one that is missing has nothing. */
  constructor(private readonly read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Found>>) {}

  /** `undefined`: there is nothing of this key. Rejects when the call that it shared does. */
  async of(key: Key): Promise<Found | undefined> {
    const waiting = this.#waiting.get(key) ?? begun<Found>();
    this.#waiting.set(key, waiting);
    this.#goOn();
    return waiting.found;
  }

  #goOn(): void {
    if (this.#isBusy || this.#waiting.size === 0) return;
    this.#isBusy = true;
    setImmediate(() => void this.#readNext());
  }

  async #readNext(): Promise<void> {
    const asked = [...this.#waiting].slice(0, MAX_KEYS);
    for (const [key] of asked) this.#waiting.delete(key);
    try {
      const found = await this.read(asked.map(([key]) => key));
      for (const [key, { resolve }] of asked) resolve(found.get(key));
    } catch (error) {
      for (const [, { reject }] of asked) reject(error);
    }
    this.#isBusy = false;
    this.#goOn();
  }
}

function begun<Found>(): Waiting<Found> {
  let settle!: Omit<Waiting<Found>, 'found'>;
  const found = new Promise<Found | undefined>((resolve, reject) => (settle = { resolve, reject }));
  return { found, ...settle };
}
