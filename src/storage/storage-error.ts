/** `not-stored`: nothing was written, a retry is safe. `unknown`: the commit may have happened. */
export type StorageOutcome = 'not-stored' | 'unknown';

/** The database could not do its work: it is down, full, or was cut off in the middle. */
export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(
    readonly outcome: StorageOutcome,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options);
  }
}
