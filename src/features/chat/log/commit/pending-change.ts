import { StorageError } from '../../../../storage/index.js';
import type { Change, Stored } from '../append/index.js';

/** A change on its way to its outcome. */
export class PendingChange {
  /** Resolves when the change is stored; rejects with why it is not. */
  readonly committed: Promise<Stored>;
  /** Whether the database has it: then nobody can say any more that it will not be stored. */
  isHandedOver = false;
  /** Whether its room was locked once already when its turn came. */
  wasPutBack = false;
  #isAnswered = false;
  #resolve: (stored: Stored) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(readonly change: Change) {
    this.committed = new Promise<Stored>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  resolve(stored: Stored): void {
    this.#isAnswered = true;
    this.#resolve(stored);
  }

  reject(error: Error): void {
    this.#isAnswered = true;
    this.#reject(error);
  }

  /** Answers now, with what is known now. */
  giveUp(): void {
    const outcome = this.isHandedOver ? 'unknown' : 'not-stored';
    this.reject(new StorageError(outcome, 'the database takes too long'));
  }
}

/** How many events the change makes, at most. */
export function weightOf({ change }: PendingChange): number {
  if (change.change === 'create') return 1 + change.memberIds.length;
  return change.change === 'add' ? change.userIds.length : 1;
}
