import { createHash, timingSafeEqual } from 'node:crypto';

const BEARER = /^bearer +(\S+) *$/i;

/** The token of the admin calls. How long a comparison takes says nothing of how much of a guess was right. */
export class AdminToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /** Whether an `Authorization` header carries it. */
  isCarriedBy(authorization: string | undefined): boolean {
    const [, guess] = BEARER.exec(authorization ?? '') ?? [];
    return guess !== undefined && timingSafeEqual(digestOf(guess), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
