import { WsException } from '@nestjs/websockets';
import { invalid } from '../../../../realtime/index.js';
import { LONGEST_TEXT } from '../../messages/index.js';

/** A stretch of text and its place. */
export interface Delta {
  /** Characters (code points) before it. */
  readonly offset: number;
  /** Well-formed on its own: a pair of surrogates is never divided. */
  readonly text: string;
}

/**
 * A text that grows at its end. What is said again must be the same, so that it may be said any number of times; what
 * leaves a hole, or contradicts what is there, is refused with the length so far.
 */
export class StreamedText {
  #text: string;
  #length: number;

  constructor(text = '') {
    this.#text = text;
    this.#length = lengthOf(text);
  }

  get text(): string {
    return this.#text;
  }

  /** In characters. */
  get length(): number {
    return this.#length;
  }

  /** What comes after so many characters. */
  from(offset: number): string {
    return this.#text.slice(this.indexAt(offset));
  }

  /**
   * Takes a stretch, or as much of it as is new. Throws `CONFLICT` with `length` when it does not fit what is there, and
   * `VALIDATION_FAILED` when the text would become too long; then nothing has changed.
   */
  append(delta: Delta): void {
    this.#text = this.with(delta);
    this.#length = lengthOf(this.#text);
  }

  /**
   * The whole text, of which this stretch is the last; nothing has changed. Throws as `append` does, and `CONFLICT` with
   * `length` when the text goes on after it: whoever ends it knows another one.
   */
  endingWith(delta: Delta): string {
    const whole = this.with(delta);
    if (delta.offset + lengthOf(delta.text) < lengthOf(whole))
      throw this.conflict('there is more after this');
    return whole;
  }

  private with({ offset, text }: Delta): string {
    if (offset > this.#length) throw this.conflict('characters before this offset are missing');
    const index = this.indexAt(offset);
    const known = this.#text.slice(index);
    const isKnown = known.startsWith(text);
    if (!isKnown && !text.startsWith(known)) throw this.conflict('other characters are here already');
    if (isKnown) return this.#text;
    if (offset + lengthOf(text) > LONGEST_TEXT) {
      throw invalid('text', `must not make the whole longer than ${LONGEST_TEXT} characters`);
    }
    return this.#text.slice(0, index) + text;
  }

  private conflict(message: string): WsException {
    return new WsException({ code: 'CONFLICT', message, length: this.#length });
  }

  private indexAt(offset: number): number {
    if (this.#length === this.#text.length) return offset;
    let index = 0;
    for (let passed = 0; passed < offset; passed += 1) index += widthAt(this.#text, index);
    return index;
  }
}

/** How many characters a well-formed text has. */
export function lengthOf(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index += widthAt(text, index)) length += 1;
  return length;
}

function widthAt(text: string, index: number): 1 | 2 {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit <= 0xdbff ? 2 : 1;
}
