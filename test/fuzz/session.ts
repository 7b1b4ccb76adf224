import { encode } from '@msgpack/msgpack';
import type { Chance } from '../stream/chance.js';
import { closing, frame, OPCODE } from '../rfc6455/frame.js';
import { type Subprotocol, sentIn } from './sent.js';

/** A frame as a client means it. */
export interface Request {
  readonly event: string;
  readonly id: number;
  readonly data: object;
}

/** The requests of a session as it was recorded: a bit of everything, in a room. */
export function recorded(roomId: string, mark: string): Request[] {
  const send = (n: number, more: object = {}) => ({
    event: 'message.send',
    data: { roomId, text: `${mark} says ${n} — ${'ж'.repeat(n)}`, clientId: `${mark}-${n}`, ...more },
  });
  const requests = [
    { event: 'auth.whoami', data: {} },
    { event: 'room.sync', data: { rooms: { [roomId]: 1 }, limit: 2 } },
    send(1),
    send(2, { meta: { a: [1, 2.5, null, { b: true }] } }),
    { event: 'message.history', data: { roomId, limit: 2 } },
    send(3, { replyTo: 1 }),
    { event: 'message.react', data: { roomId, seq: 2, emoji: '👍' } },
    { event: 'room.typing', data: { roomId, active: true } },
    { event: 'message.read', data: { roomId, seq: 2 } },
    { event: 'presence.set', data: { status: 'away', text: 'lunch' } },
    { event: 'message.search', data: { query: 'says', roomId, limit: 1 } },
    send(1),
    { event: 'user.get', data: { usernames: ['fuzz', 'calm'] } },
    send(4),
  ];
  return requests.map((request, id) => ({ ...request, id }));
}

/** What a session writes, and what of it a service may take for a sent message. */
export interface Written {
  readonly chunks: readonly Buffer[];
  readonly sent: ReadonlySet<string>;
}

/** A recorded session, damaged. */
export function damaged(requests: readonly Request[], subprotocol: Subprotocol, chance: Chance): Written {
  const frames = requests.map((request) => framed(request, subprotocol, chance));
  const close = frame(closing(1000), { opcode: OPCODE.close });
  const bytes = damage(Buffer.concat([...reordered(frames, chance), close]), chance);
  return { chunks: split(bytes, chance), sent: sentIn(bytes, subprotocol) };
}

function framed(request: Request, subprotocol: Subprotocol, chance: Chance): Buffer {
  const payload = damagedPayload(payloadOf(request, subprotocol, chance), chance);
  const opcode = subprotocol === 'chat' ? OPCODE.text : OPCODE.binary;
  if (!chance.happens(20) || payload.length < 2) return frame(payload, { opcode });
  const cut = chance.below(payload.length);
  const ping = chance.happens(50) ? frame('ping', { opcode: OPCODE.ping }) : Buffer.of();
  const [first, rest] = [payload.subarray(0, cut), payload.subarray(cut)];
  return Buffer.concat([
    frame(first, { opcode, fin: false }),
    ping,
    frame(rest, { opcode: OPCODE.continuation }),
  ]);
}

/** Some values are replaced by others of any kind; on `superchat` some messages hold more than one frame. */
function payloadOf(request: Request, subprotocol: Subprotocol, chance: Chance): Buffer {
  const value = chance.happens(30) ? shaken(request, chance) : request;
  if (subprotocol === 'chat') return Buffer.from(JSON.stringify(value));
  return Buffer.from(encode(chance.happens(30) ? [value, 7, request] : [value]));
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  -0,
  '',
  '$ne',
  '\u0000',
  '\ud800',
  '𝄞'.repeat(50),
  [],
  [[[[[[[[[]]]]]]]]],
  {},
  { toString: 1 },
  'a'.repeat(9000),
];

function shaken(value: unknown, chance: Chance): unknown {
  if (chance.happens(15)) return ODD_VALUES[chance.below(ODD_VALUES.length)];
  if (Array.isArray(value)) return value.map((one) => shaken(one, chance));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shaken(one, chance)]));
}

function damagedPayload(payload: Buffer, chance: Chance): Buffer {
  return chance.happens(20) ? damage(payload, chance) : payload;
}

/** Flips bits, cuts out, doubles or puts in bytes, a few times. */
function damage(bytes: Buffer, chance: Chance): Buffer {
  let result = bytes;
  for (let times = chance.below(4); times > 0; times--) result = damageOnce(result, chance);
  return result;
}

function damageOnce(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length + 1);
  const length = chance.below(20);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const kinds: readonly (() => Buffer)[] = [
    () => flipped(bytes, at, 1 << chance.below(8)),
    () => Buffer.concat([before, after.subarray(length)]),
    () => Buffer.concat([before, before.subarray(-length), after]),
    () => Buffer.concat([before, noise(length, chance), after]),
    () => before,
  ];
  // The end is cut off seldom: most damage is to leave something behind it to be misread.
  const kind = chance.happens(5) ? 4 : chance.below(4);
  return kinds[kind]?.() ?? bytes;
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

function noise(length: number, chance: Chance): Buffer {
  return Buffer.from(Array.from({ length }, () => chance.below(256)));
}

/** Frames are doubled, exchanged, or joined by frames of noise. */
function reordered(frames: readonly Buffer[], chance: Chance): Buffer[] {
  return frames.flatMap((one) => {
    if (chance.happens(5)) return [one, one];
    if (chance.happens(5)) return [];
    if (chance.happens(5)) return [frame(noise(chance.below(40), chance), { opcode: chance.below(11) }), one];
    return [one];
  });
}

/** Cut anywhere, sometimes at every byte. */
function split(bytes: Buffer, chance: Chance): Buffer[] {
  const longest = chance.happens(10) ? 1 : 1 + chance.below(2000);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + chance.below(longest);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}
