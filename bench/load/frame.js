import { randomBytes } from 'node:crypto';

const FIN = 0x80;
const MASKED = 0x80;
const TEXT = 0x1;
const BINARY = 0x2;
const MEDIUM = 126;
const MEDIUM_LENGTH = 0xffff;

/** One key for all: a server has to unmask all the same. */
const KEY = randomBytes(4).map((byte) => byte | 1);

/** A client's pong that nobody asked for: a sign of life (RFC 6455 section 5.5.3). */
export const PONG = Buffer.from([FIN | 0xa, MASKED, ...KEY]);

export function textFrame(text) {
  return masked(TEXT, Buffer.from(text));
}

export function binaryFrame(bytes) {
  return masked(BINARY, bytes);
}

function masked(opcode, payload) {
  const { length } = payload;
  if (length > MEDIUM_LENGTH) throw new RangeError('the load is made of small messages');
  const head = length < MEDIUM ? 2 : 4;
  const frame = Buffer.allocUnsafe(head + KEY.length + length);
  frame[0] = FIN | opcode;
  frame[1] = MASKED | (length < MEDIUM ? length : MEDIUM);
  if (length >= MEDIUM) frame.writeUInt16BE(length, 2);
  KEY.copy(frame, head);
  const start = head + KEY.length;
  for (let at = 0; at < length; at += 1) frame[start + at] = payload[at] ^ KEY[at & 3];
  return frame;
}
