const SHORT_HEAD = 2;
const LENGTH_BITS = 0x7f;
const MEDIUM = 126;
const LARGE = 127;

/** Tells a server's payloads from the headers of its frames (RFC 6455 section 5.2, unmasked), in whatever pieces they come. */
export class Payloads {
  #head = Buffer.allocUnsafe(10);
  #headLength = 0;
  #left = 0;

  /** Calls `onPayload(chunk, {from, end})` for each piece of a payload in the chunk. */
  read(chunk, onPayload) {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at = this.#readHead(chunk, at);
        continue;
      }
      const end = Math.min(chunk.length, at + this.#left);
      this.#left -= end - at;
      onPayload(chunk, { from: at, end });
      at = end;
    }
  }

  /** Reads one byte of a header, and gives the place of the next. */
  #readHead(chunk, at) {
    this.#head[this.#headLength] = chunk[at];
    this.#headLength += 1;
    if (this.#headLength >= SHORT_HEAD && this.#headLength === headSize(this.#head)) {
      this.#left = lengthIn(this.#head);
      this.#headLength = 0;
    }
    return at + 1;
  }
}

function headSize(head) {
  const length = head[1] & LENGTH_BITS;
  if (length < MEDIUM) return SHORT_HEAD;
  return length === MEDIUM ? 4 : 10;
}

function lengthIn(head) {
  const length = head[1] & LENGTH_BITS;
  if (length === MEDIUM) return head.readUInt16BE(2);
  return length === LARGE ? Number(head.readBigUInt64BE(2)) : length;
}
