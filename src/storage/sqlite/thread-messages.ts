import type { StorageOutcome } from '../storage-error.js';

/** One operation of a store. */
export interface OperationCall {
  readonly kind: 'operation';
  /** Where the thread imports the store from. */
  readonly url: string;
  readonly store: string;
  readonly operation: string;
  readonly input: unknown;
}

/** Moves what the write-ahead log holds into the database file, syncs both and empties the log. */
export interface CheckpointCall {
  readonly kind: 'checkpoint';
}

/** Closes the connection and ends the thread, once everything before it has been answered. */
export interface CloseCall {
  readonly kind: 'close';
}

export type ThreadCall = OperationCall | CheckpointCall | CloseCall;

export interface ThreadRequest {
  /** Rises with every request of a thread. */
  readonly id: number;
  readonly call: ThreadCall;
}

/** An error as it crosses threads, where classes are lost. */
export type ThreadFailure =
  | { readonly kind: 'storage'; readonly outcome: StorageOutcome; readonly message: string }
  | { readonly kind: 'mistake'; readonly name: string; readonly message: string; readonly stack: string };

export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: ThreadFailure };

/** What a thread is started with. */
export interface ThreadSettings {
  readonly role: 'writer' | 'reader';
  readonly file: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  /** One number, shared: the id of the last request whose transaction was begun. It outlives a thread that dies. */
  readonly begun: Float64Array;
}
