import { StorageError } from '../../../../storage/index.js';
import type { Batch, Deferred, Outcome, SendMessage } from '../append/index.js';
import { refusal } from './refusal.js';
import type { Appends } from './measured-appends.js';
import type { PendingChange } from './pending-change.js';

/**
 * `append`: by the rules, waiting for rooms that another node has locked. `append to free`: without those. `send`, `send to
 * free`: the same, by the statement for plain messages.
 */
export type Way = 'append' | 'append to free' | 'send' | 'send to free';

/** A change that was not done yet, and what has to come before it is. */
export interface Postponed {
  readonly pending: PendingChange;
  readonly until: Deferred['until'];
}

/** What every batch goes with. */
export type Terms = Omit<Batch, 'changes'>;

/** Commits batches of changes, and gives each change its answer. */
export class Committer {
  constructor(
    private readonly store: Appends,
    private readonly terms: () => Terms,
    private readonly stored: (outcomes: readonly Outcome[]) => void,
  ) {}

  /**
   * Never rejects. What the store did not decide comes back, unanswered. What was given up is left out: it was answered that it
   * is not stored, or its outcome is known to nobody.
   */
  async commit(changes: readonly PendingChange[], way: Way): Promise<Postponed[]> {
    const batch = changes.filter(({ isAnswered }) => !isAnswered);
    if (batch.length === 0) return [];
    for (const pending of batch) pending.isHandedOver = true;
    let outcomes: readonly (Outcome | Deferred)[];
    try {
      outcomes = await this.perform(batch, way);
    } catch (error) {
      return await this.recover(batch, way, error);
    }
    return this.settle(batch, outcomes);
  }

  private async perform(batch: readonly PendingChange[], way: Way): Promise<readonly (Outcome | Deferred)[]> {
    const changes = batch.map(({ change }) => change);
    const terms = this.terms();
    const { shared } = this.store;
    if (way === 'append' || !shared) return await this.store.append({ ...terms, changes });
    if (way === 'append to free') return await shared.appendToFree({ ...terms, changes });
    const sends = changes.filter((change): change is SendMessage => change.change === 'send');
    return await shared.send({ ...terms, changes: sends, locking: way === 'send' ? 'wait' : 'skip' });
  }

  /** A database that does not work fails all; a change that breaks the operation fails alone. */
  private async recover(batch: readonly PendingChange[], way: Way, error: unknown): Promise<Postponed[]> {
    if (batch.length === 1 || error instanceof StorageError) {
      for (const pending of batch) pending.reject(asError(error));
      return [];
    }
    const postponed: Postponed[] = [];
    // Nothing of it is stored: what is given up before its own turn can be told so.
    for (const pending of batch) pending.isHandedOver = false;
    for (const pending of batch) {
      // What follows a postponed change in its room is postponed with it.
      const before = postponed.find((one) => one.pending.change.roomId === pending.change.roomId);
      if (before) postponed.push({ pending, until: before.until });
      else postponed.push(...(await this.commit([pending], way)));
    }
    return postponed;
  }

  private settle(batch: readonly PendingChange[], outcomes: readonly (Outcome | Deferred)[]): Postponed[] {
    this.stored(outcomes.filter((outcome) => outcome.outcome !== 'deferred'));
    return batch.flatMap((pending, index) => {
      const outcome = outcomes[index];
      if (outcome?.outcome === 'deferred') {
        pending.isHandedOver = false;
        return [{ pending, until: outcome.until }];
      }
      if (outcome?.outcome === 'stored') pending.resolve(outcome);
      else pending.reject(outcome?.outcome === 'refused' ? refusal(outcome) : new Error(outcome?.message));
      return [];
    });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
