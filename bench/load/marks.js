const CARET = 0x5e;
const HASH = 0x23;
const ZERO = 0x30;
const ROOM_DIGITS = 4;
const NUMBER_DIGITS = 7;
const SIGN = '^#^';

/** The sign, the room and the message's number in it; nothing else in a frame looks like it. */
const MARK_BYTES = SIGN.length + ROOM_DIGITS + NUMBER_DIGITS;

/** The text of one message: a mark by which every delivery of it is known again, filled up to `bytes`. */
export function markedText(room, number, bytes) {
  const mark = `${SIGN}${String(room).padStart(ROOM_DIGITS, '0')}${String(number).padStart(NUMBER_DIGITS, '0')}`;
  return mark.padEnd(bytes, 'x');
}

/** Finds the marks in payloads without decoding them: whatever the protocol, each delivery holds its message's mark once. */
export class MarkReader {
  #tail;

  /** Calls `onMark(room, number)` for each mark that is whole with these bytes. They are not kept. */
  read(bytes, { from, end }, onMark) {
    const start = this.#tail === undefined ? from : this.#readOn(bytes, { from, end }, onMark);
    let at = bytes.indexOf(CARET, start);
    while (at !== -1 && at < end) {
      if (at + MARK_BYTES > end) {
        this.#tail = Buffer.from(bytes.subarray(at, end));
        return;
      }
      emit(bytes, at, onMark);
      at = bytes.indexOf(CARET, at + SIGN.length);
    }
  }

  /** Reads on in a mark that was cut off, by the end of a read or by a fragment's header, and gives the place after it. */
  #readOn(bytes, { from, end }, onMark) {
    const until = Math.min(end, from + MARK_BYTES - this.#tail.length);
    const mark = Buffer.concat([this.#tail, bytes.subarray(from, until)]);
    this.#tail = mark.length < MARK_BYTES ? mark : undefined;
    if (this.#tail === undefined) emit(mark, 0, onMark);
    return until;
  }
}

function emit(bytes, at, onMark) {
  if (bytes[at + 1] !== HASH || bytes[at + 2] !== CARET) return;
  const digitsAt = at + SIGN.length;
  onMark(digits(bytes, digitsAt, ROOM_DIGITS), digits(bytes, digitsAt + ROOM_DIGITS, NUMBER_DIGITS));
}

function digits(bytes, from, count) {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 10 + bytes[at] - ZERO;
  return value;
}
