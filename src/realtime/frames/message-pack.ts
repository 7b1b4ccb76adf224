import { isUtf8 } from 'node:buffer';

/** What the first byte of a MessagePack value, and the length after it, say. */
interface Head {
  readonly kind: 'plain' | 'text' | 'array' | 'map' | 'refused';
  /** Bytes of the head itself. */
  readonly size: number;
  /** Bytes that follow it, those of contained values aside. */
  readonly body: number;
  /** Contained values: of a map, keys and values. */
  readonly children: number;
}

/** The bytes are no MessagePack. */
export class Malformed extends Error {}

const plain = (size: number): Head => ({ kind: 'plain', size, body: 0, children: 0 });
const text = (size: number, body: number): Head => ({ kind: 'text', size, body, children: 0 });
const array = (size: number, count: number): Head => ({ kind: 'array', size, body: 0, children: count });
const map = (size: number, count: number): Head => ({ kind: 'map', size, body: 0, children: 2 * count });
const refused = (size: number, body: number): Head => ({ kind: 'refused', size, body, children: 0 });

type ReadHead = (bytes: Buffer, at: number) => Head;

/** The formats with a first byte of their own (0xc0 to 0xdf in the specification's table); 0xc1 is never used. */
const FORMATS: Readonly<Record<number, ReadHead>> = {
  0xc0: () => plain(1),
  0xc2: () => plain(1),
  0xc3: () => plain(1),
  0xc4: (bytes, at) => refused(2, bytes.readUInt8(at + 1)),
  0xc5: (bytes, at) => refused(3, bytes.readUInt16BE(at + 1)),
  0xc6: (bytes, at) => refused(5, bytes.readUInt32BE(at + 1)),
  0xc7: (bytes, at) => refused(3, bytes.readUInt8(at + 1)),
  0xc8: (bytes, at) => refused(4, bytes.readUInt16BE(at + 1)),
  0xc9: (bytes, at) => refused(6, bytes.readUInt32BE(at + 1)),
  0xca: (bytes, at) => float(5, bytes.readFloatBE(at + 1)),
  0xcb: (bytes, at) => float(9, bytes.readDoubleBE(at + 1)),
  0xcc: () => plain(2),
  0xcd: () => plain(3),
  0xce: () => plain(5),
  0xcf: (bytes, at) => wideInteger(bytes.readBigUInt64BE(at + 1)),
  0xd0: () => plain(2),
  0xd1: () => plain(3),
  0xd2: () => plain(5),
  0xd3: (bytes, at) => wideInteger(bytes.readBigInt64BE(at + 1)),
  0xd4: () => refused(2, 1),
  0xd5: () => refused(2, 2),
  0xd6: () => refused(2, 4),
  0xd7: () => refused(2, 8),
  0xd8: () => refused(2, 16),
  0xd9: (bytes, at) => text(2, bytes.readUInt8(at + 1)),
  0xda: (bytes, at) => text(3, bytes.readUInt16BE(at + 1)),
  0xdb: (bytes, at) => text(5, bytes.readUInt32BE(at + 1)),
  0xdc: (bytes, at) => array(3, bytes.readUInt16BE(at + 1)),
  0xdd: (bytes, at) => array(5, bytes.readUInt32BE(at + 1)),
  0xde: (bytes, at) => map(3, bytes.readUInt16BE(at + 1)),
  0xdf: (bytes, at) => map(5, bytes.readUInt32BE(at + 1)),
};

/** An integer that a number of JavaScript could not tell back is no value of a frame. */
function wideInteger(value: bigint): Head {
  return BigInt(Number(value)) === value ? plain(9) : refused(9, 0);
}

function float(size: number, value: number): Head {
  return Number.isFinite(value) ? plain(size) : refused(size, 0);
}

/** Reads a head. Throws `Malformed` when there is none, or what it announces is not all there. */
export function headAt(bytes: Buffer, at: number): Head {
  const first = bytes[at];
  if (first === undefined) throw new Malformed('it breaks off');
  const head = headOf(bytes, at, first);
  // Every contained value takes a byte at least: a length that lies is found out before anything is allocated for it.
  if (at + head.size + head.body + head.children > bytes.length) throw new Malformed('it breaks off');
  return head;
}

function headOf(bytes: Buffer, at: number, first: number): Head {
  if (first <= 0x7f || first >= 0xe0) return plain(1);
  if (first <= 0x8f) return map(1, first & 0x0f);
  if (first <= 0x9f) return array(1, first & 0x0f);
  if (first <= 0xbf) return text(1, first & 0x1f);
  const read = FORMATS[first];
  if (read === undefined) throw new Malformed('a byte that is never used');
  try {
    return read(bytes, at);
  } catch {
    throw new Malformed('it breaks off');
  }
}

/** Where the value that begins at `start` ends. However deep it is nested, it takes no more memory. */
export function endOfValue(bytes: Buffer, start: number): number {
  let at = start;
  for (let pending = 1; pending > 0; pending--) {
    const { size, body, children } = headAt(bytes, at);
    at += size + body;
    pending += children;
  }
  return at;
}

/** A container on the way to a value. */
interface Container {
  readonly isMap: boolean;
  left: number;
}

/**
 * What keeps a value from being one of JSON's: binary data, extensions, numbers that are not finite or not exact, keys that are no
 * text, text that is no UTF-8, or containers nested deeper than `maxDepth`. Needs bytes that `endOfValue` has read.
 */
export function faultOfValue(bytes: Buffer, maxDepth: number): string | undefined {
  const open: Container[] = [];
  let at = 0;
  do {
    const head = headAt(bytes, at);
    const fault = faultOfHead(head, bytes.subarray(at + head.size, at + head.size + head.body), open.at(-1));
    if (fault !== undefined) return fault;
    at += head.size + head.body;
    if (head.kind === 'map' || head.kind === 'array') {
      open.push({ isMap: head.kind === 'map', left: head.children });
      if (open.length > maxDepth) return `containers are nested deeper than ${maxDepth}`;
    }
    while (open.at(-1)?.left === 0) open.pop();
  } while (open.length > 0);
  return undefined;
}

/** Counts the value in its container, and looks at what it is there. */
function faultOfHead({ kind }: Head, body: Buffer, container: Container | undefined): string | undefined {
  if (kind === 'refused') return 'a value is of a kind that JSON does not have';
  if (kind === 'text' && !isUtf8(body)) return 'text is not UTF-8';
  return countIn(container) && kind !== 'text' ? 'a key is no text' : undefined;
}

/** Counts a value in its container. Says whether it is a key there. */
function countIn(container: Container | undefined): boolean {
  if (container === undefined) return false;
  container.left--;
  return container.isMap && container.left % 2 === 1;
}
