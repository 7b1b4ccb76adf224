import type { Committer, Postponed } from './committer.js';
import { Line, takeBatch } from './line.js';
import type { PendingChange } from './pending-change.js';

/** Rooms that are waited for at the same time: each takes one of the node's connections to the database. */
const MAX_WAITS = 3;

/** What comes for a room while something of it is beside the main lane. */
interface Held {
  /** Changes that are on their way beside it. */
  ahead: number;
  readonly behind: PendingChange[];
}

/**
 * The order of commits on a database that other nodes append to. The main lane stores plain messages, a round trip for a
 * batch. Two others are beside it, and whatever follows in their rooms waits for them: one for what the rules must decide, which
 * takes many round trips; and one for each room that another node has locked just now, which waits for it. So neither holds
 * up the other rooms, and each room's changes keep their order.
 */
export class RoomLanes {
  readonly #main = new Line(async (batch) => this.#send(batch));
  readonly #rules = new Line(async (batch) => this.#apply(batch));
  readonly #held = new Map<string, Held>();
  /** Rooms to be waited for, when one of the waits is over. */
  readonly #queued: PendingChange[][] = [];
  readonly #waits = new Set<Promise<void>>();

  constructor(private readonly committer: Committer) {}

  /** Changes that are in no commit yet, or on their way again. */
  get size(): number {
    let held = 0;
    for (const { behind } of this.#held.values()) held += behind.length;
    for (const group of this.#queued) held += group.length;
    return this.#main.size + this.#rules.size + held;
  }

  push(changes: readonly PendingChange[]): void {
    for (const pending of changes) {
      const held = this.#held.get(pending.change.roomId);
      if (held) putBehind(held, pending);
      else this.#main.push([pending]);
    }
  }

  /** Resolves when nothing is on its way in any lane. */
  async end(): Promise<void> {
    // Each time round it waits for a commit: whatever else is thought to be there, it does not hold the event loop.
    while (this.#main.isBusy || this.#rules.isBusy || this.#waits.size > 0) {
      await Promise.all([this.#main.end(), this.#rules.end(), ...this.#waits]);
    }
  }

  async #send(changes: readonly PendingChange[]): Promise<void> {
    const batch = changes.filter(({ isAnswered }) => !isAnswered);
    const ruled = new Set(batch.filter((pending) => !isPlain(pending)).map(({ change }) => change.roomId));
    const isRuled = ({ change }: PendingChange): boolean => ruled.has(change.roomId);
    this.#putAside(batch.filter(isRuled));
    this.#rules.push(batch.filter(isRuled));
    const plain = batch.filter((pending) => !isRuled(pending));
    const postponed = await this.committer.commit(plain, 'send to free');
    for (const group of byRoom(postponed)) {
      if (postponed.length < plain.length && this.#mayTryAgain(group)) continue;
      this.#putAside(group.changes);
      if (group.until === 'rules') this.#rules.push(group.changes);
      else this.#waitFor(group.changes);
    }
  }

  /** Most locks are those of another node's commit, which is over when this one's next batch begins. */
  #mayTryAgain({ until, changes }: Group): boolean {
    if (until === 'rules' || changes.some(({ wasPutBack }) => wasPutBack)) return false;
    for (const pending of changes) pending.wasPutBack = true;
    this.#main.putBack(changes);
    return true;
  }

  /** Those that were given up meanwhile are passed, too: whatever follows them in their rooms waits for that. */
  async #apply(batch: readonly PendingChange[]): Promise<void> {
    const postponed = await this.committer.commit(batch, 'append to free');
    const left = new Set(postponed.map(({ pending }) => pending));
    for (const { changes } of byRoom(postponed)) {
      const [first] = changes;
      this.#waitFor([...changes, ...this.#rules.extract(first?.change.roomId ?? '')]);
    }
    this.#pass(batch.filter((pending) => !left.has(pending)));
  }

  /** From here on what comes for these rooms waits for these changes. */
  #putAside(changes: readonly PendingChange[]): void {
    for (const { change } of changes) {
      const held = this.#held.get(change.roomId) ?? {
        ahead: 0,
        behind: this.#main.extract(change.roomId),
      };
      held.ahead += 1;
      this.#held.set(change.roomId, held);
    }
  }

  /** These changes are done with. */
  #pass(changes: readonly PendingChange[]): void {
    for (const { change } of changes) {
      const held = this.#held.get(change.roomId);
      if (!held) continue;
      held.ahead -= 1;
      if (held.ahead > 0) continue;
      this.#held.delete(change.roomId);
      this.#main.push(held.behind);
    }
  }

  #waitFor(changes: PendingChange[]): void {
    this.#queued.push(changes);
    this.#beginWaits();
  }

  #beginWaits(): void {
    while (this.#waits.size < MAX_WAITS) {
      const next = this.#queued.shift();
      if (!next) return;
      const wait = this.#wait(next).finally(() => {
        this.#waits.delete(wait);
        this.#beginWaits();
      });
      this.#waits.add(wait);
    }
  }

  async #wait(changes: readonly PendingChange[]): Promise<void> {
    const queue = [...changes];
    while (queue.length > 0) {
      const batch = takeBatch(queue);
      const way = batch.every(isPlain) ? 'send' : 'append';
      const postponed = await this.committer.commit(batch, way);
      await this.committer.commit(
        postponed.map(({ pending }) => pending),
        'append',
      );
    }
    this.#pass(changes);
  }
}

/** A room that is held for long does not keep what nobody waits for. */
function putBehind({ behind }: Held, pending: PendingChange): void {
  while (behind[0]?.isAnswered === true) behind.shift();
  behind.push(pending);
}

/** Whether the change is one of those that the statement for messages can store. */
function isPlain({ change }: PendingChange): boolean {
  return change.change === 'send' && change.attachmentIds.length === 0;
}

interface Group {
  readonly until: Postponed['until'];
  readonly changes: PendingChange[];
}

function byRoom(postponed: readonly Postponed[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { pending, until } of postponed) {
    const group = groups.get(pending.change.roomId) ?? { until, changes: [] };
    group.changes.push(pending);
    groups.set(pending.change.roomId, group);
  }
  return [...groups.values()];
}
