const FIN_TEXT = 0x81;
const FIN_BINARY = 0x82;
const SHORT_LENGTH = 125;
const MEDIUM_LENGTH = 0xffff;

/** Frames one whole text message from server to client: unmasked, unfragmented (RFC 6455 section 5.2). */
export function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = headerSize(length);
  const frame = Buffer.allocUnsafe(header + length);
  writeHeader(frame, FIN_TEXT, length);
  frame.write(text, header, 'utf8');
  return frame;
}

/** The header of one whole binary message of `length` bytes from server to client. */
export function binaryHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerSize(length));
  writeHeader(header, FIN_BINARY, length);
  return header;
}

/** The bytes of a framed message without their header. */
export function payloadOf(frame: Buffer): Buffer {
  const short = frame.readUInt8(1);
  if (short <= SHORT_LENGTH) return frame.subarray(2);
  return frame.subarray(short === SHORT_LENGTH + 1 ? 4 : 10);
}

function headerSize(length: number): number {
  if (length <= SHORT_LENGTH) return 2;
  return length <= MEDIUM_LENGTH ? 4 : 10;
}

function writeHeader(frame: Buffer, first: number, length: number): void {
  frame[0] = first;
  if (length <= SHORT_LENGTH) {
    frame[1] = length;
  } else if (length <= MEDIUM_LENGTH) {
    frame[1] = SHORT_LENGTH + 1;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = SHORT_LENGTH + 2;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
}
