/** The opcodes of RFC 6455 section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** How a frame departs from a whole, masked, minimal text frame. */
export interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The three reserved bits, RSV1 being 4. */
  readonly rsv?: number;
  readonly isMasked?: boolean;
  /** How the length is written: in 7, 16 or 64 bits. Defaults to the shortest. */
  readonly lengthBits?: 7 | 16 | 64;
  /** What the header announces instead of the payload's own length. */
  readonly announced?: bigint;
}

const MASK = Buffer.of(0x37, 0xfa, 0x21, 0x3d);

/** The bytes of a frame from client to server. */
export function frame(payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.concat([Buffer.of(firstByte(options)), lengthOf(bytes, options)]);
  if (options.isMasked === false) return Buffer.concat([header, bytes]);
  header.writeUInt8(header.readUInt8(1) | 0x80, 1);
  return Buffer.concat([header, MASK, masked(bytes)]);
}

function firstByte({ opcode = OPCODE.text, fin = true, rsv = 0 }: FrameOptions): number {
  return (fin ? 0x80 : 0) | (rsv << 4) | opcode;
}

/** A close frame's payload: a code and a reason. */
export function closing(code: number, reason: string | Buffer = ''): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}

function lengthOf(bytes: Buffer, { announced = BigInt(bytes.length), lengthBits }: FrameOptions): Buffer {
  const bits = lengthBits ?? shortest(announced);
  if (bits === 7) return Buffer.of(Number(announced));
  const field = Buffer.alloc(bits === 16 ? 3 : 9, bits === 16 ? 126 : 127);
  if (bits === 16) field.writeUInt16BE(Number(announced), 1);
  else field.writeBigUInt64BE(announced, 1);
  return field;
}

function shortest(length: bigint): 7 | 16 | 64 {
  if (length <= 125n) return 7;
  return length <= 0xffffn ? 16 : 64;
}

function masked(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ (MASK[at % 4] ?? 0)));
}
