import { Decoder, Encoder } from '@msgpack/msgpack';
import type { Codec, FramePlaces } from './codec.js';
import { BadFrame, type InboundFrame, MAX_DEPTH, toFrame } from './inbound-frame.js';
import { endOfValue, faultOfValue, headAt, Malformed } from './message-pack.js';
import { binaryHeader } from './wire.js';

/** Deeper than anything that JSON of a bounded size is nested. */
const MAX_OUTBOUND_DEPTH = 10_000;

const ARRAY16 = 0xdc;
const ARRAY32 = 0xdd;
const SHORT_ARRAY = 15;
const MEDIUM_ARRAY = 0xffff;

/** The library refuses `__proto__` by throwing; under another forbidden name the frame's `id` can still be told. */
const keyDecoder = {
  canBeCached: () => true,
  decode(bytes: Uint8Array, at: number, length: number): string {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('utf8');
    return key === '__proto__' ? 'prototype' : key;
  },
};

const encoder = new Encoder({ maxDepth: MAX_OUTBOUND_DEPTH });
const decoder = new Decoder({ keyDecoder });

/** `superchat`: each message is one MessagePack array of frames. An encoded frame is one element, which arrays share. */
export const SUPERCHAT: Codec = {
  name: 'superchat',
  isBinary: true,
  countFrames,
  locate,
  decode,
  encode,
  framed(frames, count) {
    const head = arrayHead(count);
    const length = frames.reduce((sum, frame) => sum + frame.length, head.length);
    return [Buffer.concat([binaryHeader(length), head]), ...frames];
  },
  messages: (frames) => [Buffer.concat([arrayHead(frames.length), ...frames])],
};

/** As the array's head says, but no more than there can be in so many bytes. */
function countFrames(message: Buffer): number {
  const announced = announcedFrames(message);
  return Math.max(1, Math.min(announced, message.length - 1));
}

function announcedFrames(message: Buffer): number {
  const first = message[0] ?? 0;
  if (first === ARRAY16 && message.length >= 3) return message.readUInt16BE(1);
  if (first === ARRAY32 && message.length >= 5) return message.readUInt32BE(1);
  return first >= 0x90 && first <= 0x9f ? first & 0x0f : 1;
}

/** The whole message is looked through before any of its frames is handled: of one that breaks off, nothing happens. */
function locate(message: Buffer): FramePlaces {
  try {
    const head = headAt(message, 0);
    if (head.kind !== 'array') throw new BadFrame('not an array');
    if (head.children === 0) throw new BadFrame('an empty array');
    return { start: head.size, ends: endsOf(message, head.size, head.children) };
  } catch (error) {
    throw error instanceof Malformed ? new BadFrame('not MessagePack') : error;
  }
}

function endsOf(message: Buffer, start: number, count: number): number[] {
  const ends: number[] = [];
  let at = start;
  for (let n = 0; n < count; n++) ends.push((at = endOfValue(message, at)));
  if (at !== message.length) throw new BadFrame('something follows the array');
  return ends;
}

function decode(frame: Buffer): InboundFrame {
  const fault = faultOfValue(frame, MAX_DEPTH);
  if (fault !== undefined) throw new BadFrame(fault);
  return toFrame(decoder.decode(frame));
}

/** From the JSON that `chat` sends, so that both say the same: dates are text, and what JSON leaves out is not there. */
function encode(json: string): Buffer {
  const frame: unknown = JSON.parse(json);
  if (typeof frame !== 'object' || frame === null) throw new TypeError('a frame is an object');
  const { buffer, byteOffset, length } = encoder.encode(frame);
  return Buffer.from(buffer, byteOffset, length);
}

function arrayHead(length: number): Buffer {
  if (length <= SHORT_ARRAY) return Buffer.of(0x90 | length);
  const head = Buffer.allocUnsafe(length <= MEDIUM_ARRAY ? 3 : 5);
  head[0] = length <= MEDIUM_ARRAY ? ARRAY16 : ARRAY32;
  if (length <= MEDIUM_ARRAY) head.writeUInt16BE(length, 1);
  else head.writeUInt32BE(length, 1);
  return head;
}
