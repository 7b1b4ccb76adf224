import { Decoder, ExtensionCodec } from '@msgpack/msgpack';

export type Subprotocol = 'chat' | 'superchat';

interface Header {
  readonly opcode: number;
  readonly fin: boolean;
  readonly start: number;
  readonly length: number;
}

/**
 * Every message that these bytes send whole, as `clientId text`. It reads leniently where the service is strict: what is
 * stored must be among them, what is among them need not be stored.
 */
export function sentIn(bytes: Buffer, subprotocol: Subprotocol): Set<string> {
  return new Set(payloadsIn(bytes).flatMap((payload) => sentBy(payload, subprotocol)));
}

function payloadsIn(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = headerAt(bytes, at);
    if (header === undefined) break;
    at = header.start + header.length;
    if (header.opcode >= 8) continue;
    const payload = unmasked(bytes, header);
    parts = header.opcode === 0 ? [...parts, payload] : [payload];
    if (header.fin) payloads.push(Buffer.concat(parts));
  }
  return payloads;
}

/** `undefined` when the frame is not all there. */
function headerAt(bytes: Buffer, at: number): Header | undefined {
  const [first = 0, second = 0] = bytes.subarray(at, at + 2);
  const short = second & 0x7f;
  const size = { 126: 4, 127: 10 }[short] ?? 2;
  const start = at + size + 4;
  if ((second & 0x80) === 0 || start > bytes.length) return undefined;
  const length = longer(bytes, at + 2, short);
  if (start + length > bytes.length) return undefined;
  return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, start, length };
}

function longer(bytes: Buffer, at: number, short: number): number {
  if (short === 126) return bytes.readUInt16BE(at);
  return short === 127 ? Number(bytes.readBigUInt64BE(at)) : short;
}

function unmasked(bytes: Buffer, { start, length }: Header): Buffer {
  const mask = bytes.subarray(start - 4, start);
  return Buffer.from(bytes.subarray(start, start + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
}

function sentBy(payload: Buffer, subprotocol: Subprotocol): string[] {
  const frames = framesOf(payload, subprotocol);
  return frames.flatMap((frame) => {
    const { event, data } = (frame ?? {}) as { event?: unknown; data?: unknown };
    const { clientId, text } = (data ?? {}) as { clientId?: unknown; text?: unknown };
    const isSend = event === 'message.send' && typeof clientId === 'string' && typeof text === 'string';
    return isSend ? [`${clientId} ${text}`] : [];
  });
}

/** Nothing that is wrong with one frame of a message may hide the others: each is handled by itself. */
const lenient = new Decoder({
  keyDecoder: {
    canBeCached: () => true,
    // The library throws at this one name.
    decode(bytes, at, length) {
      const key = Buffer.from(bytes.subarray(at, at + length)).toString();
      return key === '__proto__' ? 'proto' : key;
    },
  },
  mapKeyConverter: (key) => (typeof key === 'string' ? key : ''),
  extensionCodec: new (class extends ExtensionCodec {
    override decode(): null {
      return null;
    }
  })(),
});

function framesOf(payload: Buffer, subprotocol: Subprotocol): unknown[] {
  try {
    const value: unknown = subprotocol === 'chat' ? JSON.parse(payload.toString()) : lenient.decode(payload);
    return subprotocol === 'superchat' && Array.isArray(value) ? value : [value];
  } catch {
    return [];
  }
}
