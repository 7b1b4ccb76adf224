import { decode as unpack, encode as pack, ExtData } from '@msgpack/msgpack';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHAT } from './chat.codec.js';
import { BadFrame, decodeText, type InboundFrame } from './inbound-frame.js';
import { OutboundFrame } from './outbound-frame.js';
import { payloadOf } from './wire.js';
import { SUPERCHAT } from './superchat.codec.js';

type Outcome = InboundFrame | { readonly code: string; readonly id: unknown; readonly message: string };

function attempt(read: () => InboundFrame): Outcome {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadFrame)) throw error;
    return { code: error.code, id: error.id, message: error.message };
  }
}

/** Everything that a message is read as. */
function outcomesOf(message: Buffer): Outcome[] {
  try {
    const { start, ends } = SUPERCHAT.locate(message);
    return ends.map((end, at) =>
      attempt(() => SUPERCHAT.decode(message.subarray(at === 0 ? start : ends[at - 1], end))),
    );
  } catch (error) {
    if (!(error instanceof BadFrame)) throw error;
    return [{ code: error.code, id: undefined, message: error.message }];
  }
}

const packed = (value: unknown): Buffer => Buffer.from(pack(value, { useBigInt64: true }));
const only = (frame: unknown): Outcome | undefined => outcomesOf(packed([frame]))[0];
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const BAD = { code: 'BAD_FRAME', id: undefined, message: expect.any(String) };

/** `{"event": "e", "data": <value>}` with a value in raw bytes. */
const withData = (hex: string): Buffer => bytes(`91 82 a5 6576656e74 a1 65 a4 64617461 ${hex}`);

const json = fc.jsonValue({ maxDepth: 5 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

describe('a message of superchat', () => {
  it('is read as its frames, each as chat reads it', () => {
    const frame = fc.record(
      {
        event: fc.string(),
        id: fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.maxSafeInteger(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.constant(null),
        ),
        data: json,
      },
      { requiredKeys: ['event'] },
    );
    const property = fc.property(fc.array(frame, { minLength: 1, maxLength: 40 }), (frames) => {
      const wellFormed = frames.map((one) => JSON.parse(JSON.stringify(one)) as object);
      const asChat = wellFormed.map((one) => attempt(() => decodeText(Buffer.from(JSON.stringify(one)))));
      expect(outcomesOf(packed(wellFormed))).toEqual(asChat);
      expect(SUPERCHAT.countFrames(packed(wellFormed))).toBe(frames.length);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it.each([1, 15, 16, 17, 65_535, 65_536])('may hold %i frames', (count) => {
    const message = packed(Array.from({ length: count }, () => ({})));
    expect(SUPERCHAT.countFrames(message)).toBe(count);
    expect(SUPERCHAT.locate(message).ends).toHaveLength(count);
  });

  it.each([
    ['nothing', ''],
    ['an empty array', '90'],
    ['an object', '80'],
    ['text', 'a165'],
    ['a byte that is never used', '91 c1'],
    ['an array that breaks off', '92 80'],
    ['an array followed by something', '91 80 80'],
    ['a map that breaks off', '91 82 a1 61 01'],
    ['text that breaks off', '91 d9 05 61'],
    ['a length that breaks off', '91 da 00'],
    ['an array of 4 Gi frames', 'dd ffffffff 80'],
    ['a map of 4 Gi entries', '91 df ffffffff'],
    ['text of 4 GiB', '91 db ffffffff 61'],
    ['binary data of 4 GiB', '91 c6 ffffffff 61'],
  ])('is refused whole: %s', (_, hex) => {
    expect(outcomesOf(bytes(hex))).toEqual([BAD]);
    expect(SUPERCHAT.countFrames(bytes(hex))).toBeGreaterThan(0);
  });

  it('has one bad frame for each element that is none, and the others are read', () => {
    const elements = [{ event: 'a' }, 7, null, [], 'text', { event: 'b', id: 1 }];
    const good = (event: string, id?: number) => ({ event, id, data: undefined });
    expect(outcomesOf(packed(elements))).toEqual([good('a'), BAD, BAD, BAD, BAD, good('b', 1)]);
  });

  it.each([
    ['binary data', { event: 'e', data: { a: new Uint8Array(3) } }],
    ['empty binary data', { event: 'e', data: new Uint8Array(0) }],
    ['a timestamp', { event: 'e', data: new Date(0) }],
    ['an extension', { event: 'e', data: [new ExtData(5, new Uint8Array(1))] }],
    ['an integer that is not exact', { event: 'e', data: 2n ** 63n - 1n }],
    ['a negative one', { event: 'e', data: -(2n ** 53n) - 1n }],
    ['NaN', { event: 'e', data: Number.NaN }],
    ['infinity', { event: 'e', data: [Number.NEGATIVE_INFINITY] }],
    ['an infinite id', { event: 'e', id: Number.POSITIVE_INFINITY }],
  ])('is refused for %s', (_, frame) => {
    expect(only(frame)).toEqual(BAD);
  });

  it.each([
    ['a number as a key', '81 01 02'],
    ['nil as a key', '81 c0 02'],
    ['an array as a key', '81 90 02'],
    ['a number as the second key', '82 a1 61 01 02 03'],
    ['a number as a key behind containers', '82 a1 61 91 81 a1 62 80 02 03'],
    ['text that is not UTF-8', 'a2 c328'],
    ['an encoded surrogate', 'a3 eda080'],
    ['a key that is not UTF-8', '81 a1 ff 01'],
    ['an infinity of four bytes', 'ca 7f800000'],
    ['a fixed extension', 'd4 01 00'],
    ['a long extension', 'c8 0001 05 00'],
  ])('is refused for %s', (_, hex) => {
    expect(outcomesOf(withData(hex))).toEqual([BAD]);
  });

  it.each([
    ['00', 0],
    ['e0', -32],
    ['d0 80', -128],
    ['d1 8000', -32_768],
    ['d2 80000000', -(2 ** 31)],
    ['d3 ffe0000000000000', -(2 ** 53)],
    ['cc ff', 255],
    ['cd ffff', 65_535],
    ['ce ffffffff', 2 ** 32 - 1],
    ['cf 0020000000000000', 2 ** 53],
    ['ca 3f800000', 1],
    ['cb 3ff8000000000000', 1.5],
    ['d9 01 61', 'a'],
    ['da 0001 61', 'a'],
    ['db 00000001 61', 'a'],
    ['dc 0001 c2', [false]],
    ['dd 00000001 c3', [true]],
    ['de 0001 a1 61 c0', { a: null }],
    ['df 00000001 a1 61 c0', { a: null }],
  ])('may write a value as %s', (hex, data) => {
    expect(outcomesOf(withData(hex))).toEqual([{ event: 'e', id: undefined, data }]);
  });

  it('may be nested eight deep, the frame being the first', () => {
    expect(outcomesOf(withData(`${'91'.repeat(6)} 90`))).toMatchObject([{ event: 'e' }]);
    expect(outcomesOf(withData(`${'91'.repeat(7)} 90`))).toEqual([BAD]);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('has no property %s at any depth', (name) => {
    const own = Object.defineProperty({}, name, { value: 1, enumerable: true });
    expect(only({ event: 'e', id: 7, data: { a: [own] } })).toEqual({ ...BAD, id: 7 });
    expect(only({ event: 'e', id: 7, data: name })).toMatchObject({ data: name });
    expect({}).not.toHaveProperty('polluted');
  });

  it.each(['91', '81 a1 61', 'dc ffff', 'c0'])('of 64 KiB of %s is refused', (hex) => {
    const part = bytes(hex);
    const message = Buffer.concat([bytes('91'), ...Array.from({ length: 65_535 / part.length }, () => part)]);
    expect(outcomesOf(message)).toEqual([BAD]);
  });

  it('of whatever bytes is read or refused, and nothing else happens', () => {
    const structured = fc.array(
      fc.oneof(fc.constantFrom(0x81, 0x82, 0x91, 0x92, 0xa1, 0xc4, 0xd9, 0xdc, 0xde), fc.nat(255)),
    );
    const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), structured), (any) => {
      const message = Buffer.from([0x91, ...any]);
      for (const one of [Buffer.from(any), message]) {
        expect(outcomesOf(one).length).toBeGreaterThan(0);
        expect(SUPERCHAT.countFrames(one)).toBeGreaterThan(0);
      }
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe('what superchat sends', () => {
  it('says exactly what chat says', () => {
    const sent = fc.array(fc.record({ event: fc.string(), data: json }), { minLength: 1, maxLength: 20 });
    const property = fc.property(sent, (frames) => {
      const texts = frames.map((frame) => JSON.stringify(frame));
      const asChat = texts.map((text) => JSON.parse(payloadOf(CHAT.encode(text)).toString()) as unknown);
      const encoded = texts.map((text) => SUPERCHAT.encode(text));
      const [message = Buffer.of(), ...more] = SUPERCHAT.messages(encoded);
      expect(more).toEqual([]);
      expect(unpack(message)).toEqual(asChat);
      const framed = Buffer.concat(SUPERCHAT.framed(encoded, encoded.length));
      expect(framed[0]).toBe(0x82);
      expect(payloadOf(framed).equals(message)).toBe(true);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it.each([15, 16, 65_535, 65_536])('is an array of %i frames when so many are due', (count) => {
    const one = SUPERCHAT.encode('{}');
    const [message = Buffer.of()] = SUPERCHAT.messages(Array.from({ length: count }, () => one));
    expect(unpack(message)).toHaveLength(count);
  });

  it('is encoded once for all who get it, and never copied', () => {
    const frames = [new OutboundFrame('a', { n: 1 }), new OutboundFrame('b', {})];
    const encoded = frames.map((frame) => frame.encodedBy(SUPERCHAT));
    expect(frames.map((frame) => frame.encodedBy(SUPERCHAT))).toEqual(encoded);
    const [header, ...pieces] = SUPERCHAT.framed(encoded, encoded.length);
    expect(header).toHaveLength(3);
    expect(pieces.every((piece, at) => piece === frames[at]?.encodedBy(SUPERCHAT))).toBe(true);
    expect(frames[0]?.text).toBe(frames[0]?.encodedBy(CHAT));
  });

  it('is an object, or nothing is sent', () => {
    for (const text of ['7', 'null', '"text"']) expect(() => SUPERCHAT.encode(text)).toThrow(TypeError);
    expect(() => SUPERCHAT.encode('no JSON')).toThrow(SyntaxError);
  });
});
