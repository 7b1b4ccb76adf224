/** A mistake in how the service was put together. The start fails, and the message contains the mend. */
export class BootError extends Error {
  constructor(problem: string, mend: string) {
    super(`${problem}. To mend it: ${mend}.`);
  }
}
