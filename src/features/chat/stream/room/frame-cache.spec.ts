import { describe, expect, it } from '@jest/globals';
import { OutboundFrame } from '../../../../realtime/index.js';
import { FrameCache } from './frame-cache.js';
import { RoomFrames } from './room-frames.js';

const frame = (text: string): OutboundFrame => new OutboundFrame('room.event', { text });
const kept = (cache: FrameCache, seqs: readonly number[], roomId = 'garden'): number[] =>
  seqs.filter((seq) => cache.get(roomId, seq) !== undefined);

/** Has a frame encoded for another subprotocol too. */
function encode(frame: OutboundFrame | undefined): void {
  const codec = { name: 'superchat', encode: (json: string) => Buffer.from(json) };
  frame?.encodedBy(codec as Parameters<OutboundFrame['encodedBy']>[0]);
}

describe('the cache of frames', () => {
  it('gives what was put last', () => {
    const cache = new FrameCache();
    const [first, second] = [frame('first'), frame('second')];
    cache.put('garden', 1, first);
    cache.put('garden', 1, second);
    expect(cache.get('garden', 1)).toBe(second);
    expect([cache.get('garden', 2), cache.get('street', 1)]).toEqual([undefined, undefined]);
  });

  it('lets the oldest go when it is full', () => {
    const { length } = frame('x').text;
    const cache = new FrameCache(3 * length);
    for (const seq of [1, 2, 3, 4]) cache.put('garden', seq, frame('x'));
    expect(kept(cache, [1, 2, 3, 4])).toEqual([2, 3, 4]);
    cache.put('garden', 3, frame('y'));
    expect(kept(cache, [1, 2, 3, 4])).toEqual([2, 3, 4]);
  });

  it('lets frames go also after it was empty, and whatever was forgotten in between', () => {
    const { length } = frame('x').text;
    const cache = new FrameCache(2 * length);
    for (const seq of [1, 2, 3]) cache.put('garden', seq, frame('x'), seq);
    for (const seq of [2, 3]) cache.forgetMessage('garden', seq);
    cache.put('garden', 4, frame('longer than all that fits'.repeat(9)));
    expect(kept(cache, [1, 2, 3, 4])).toEqual([]);
    for (const seq of [5, 6, 7]) cache.put('garden', seq, frame('x'));
    expect(kept(cache, [5, 6, 7])).toEqual([6, 7]);
  });

  it('counts what frames are encoded to later, for other subprotocols', () => {
    const { length } = frame('x').text;
    const cache = new FrameCache(3 * length);
    const frames = [1, 2, 3].map((seq) => {
      const made = frame('x');
      cache.put('garden', seq, made);
      return made;
    });
    for (const _ of [1, 2]) encode(frames[2]);
    expect(kept(cache, [1, 2, 3])).toEqual([2, 3]);
    encode(frames[0]);
    expect(kept(cache, [1, 2, 3])).toEqual([2, 3]);
    encode(frames[1]);
    expect(kept(cache, [1, 2, 3])).toEqual([3]);
    cache.put('garden', 4, frame('x'));
    expect(kept(cache, [3, 4])).toEqual([3, 4]);
    cache.put('garden', 5, frame('x'));
    expect(kept(cache, [3, 4, 5])).toEqual([4, 5]);
  });

  it('forgets every frame that shows a message, and no other', () => {
    const cache = new FrameCache();
    for (const [seq, messageSeq] of [
      [3, 3],
      [4, 4],
      [5, 3],
      [6, undefined],
    ] as const)
      cache.put('garden', seq, frame('x'), messageSeq);
    cache.put('street', 3, frame('x'), 3);
    cache.forgetMessage('garden', 3);
    expect(kept(cache, [3, 4, 5, 6])).toEqual([4, 6]);
    expect(kept(cache, [3], 'street')).toEqual([3]);
  });

  it('forgets every frame that shows a message below the floor of its room', () => {
    const cache = new FrameCache();
    for (const [seq, messageSeq] of [
      [3, 3],
      [9, 9],
      [10, 10],
      [11, 3],
    ] as const)
      for (const roomId of ['garden', 'street']) cache.put(roomId, seq, frame('x'), messageSeq);
    cache.forgetBelow(new Map([['garden', 10]]));
    expect(kept(cache, [3, 9, 10, 11])).toEqual([10]);
    expect(kept(cache, [3, 9, 10, 11], 'street')).toEqual([3, 9, 10, 11]);
  });
});

describe("a room's frames", () => {
  const at = { roomId: 'garden', actorId: 'ann', at: '2030-01-01T00:00:00.000Z' };
  const message = { ...at, seq: 3, type: 'message', message: { seq: 3, text: 'first' } };
  const edited = { ...at, seq: 4, type: 'message.edited', message: { seq: 3, text: 'second' } };
  const again = { ...at, seq: 5, type: 'message.edited', message: { seq: 3, text: 'third' } };
  const deleted = { ...at, seq: 6, type: 'message.deleted', messageSeq: 3 };

  it('keep no words that an edit or a deletion erased', () => {
    const cache = new FrameCache();
    const frames = new RoomFrames('garden', 0, undefined as never, cache);
    for (const event of [message, edited]) frames.remember(event, frame(event.message.text));
    expect(kept(cache, [3, 4])).toEqual([4]);
    frames.remember(again, frame('third'));
    expect(kept(cache, [3, 4, 5])).toEqual([5]);
    frames.remember(deleted, frame(''));
    expect(kept(cache, [3, 4, 5, 6])).toEqual([6]);
  });
});
