import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { CHAT } from '../frames/chat.codec.js';
import type { Codec } from '../frames/codec.js';
import { FrameRun } from '../frames/frame-run.js';
import { OutboundFrame } from '../frames/outbound-frame.js';
import { SUPERCHAT } from '../frames/superchat.codec.js';
import { Meters } from '../metrics/meters.js';
import { Traffic } from '../metrics/traffic.js';
import { FlushQueue } from './flush-queue.js';
import { Outbox } from './outbox.js';

const MAX_BYTES = 400;

/** Runs that several connections may be given, of one frame to four. */
const RUNS = Array.from({ length: 12 }, (_, n) => {
  const frames = Array.from(
    { length: 1 + (n % 4) },
    (_unused, at) => new OutboundFrame('event', { n, at, text: 'x'.repeat(n * 4) }),
  );
  return new FrameRun(frames);
});

type Step =
  | { readonly do: 'offer'; readonly run: number }
  | { readonly do: 'answer'; readonly n: number }
  | { readonly do: 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('offer' as const), run: fc.nat(RUNS.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('answer' as const), n: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
);

/** A socket whose peer reads at once. */
class ReadSocket {
  readonly writableLength = 0;
  readonly written: Buffer[] = [];

  cork(): void {}
  uncork(): void {}

  write(piece: Buffer, onWritten?: () => void): void {
    this.written.push(piece);
    onWritten?.();
  }
}

/** An outbox, and what is expected of it. */
class Judged {
  readonly socket = new ReadSocket();
  private readonly outbox: Outbox;
  private readonly expected: Buffer[] = [];
  private due: Buffer[] = [];

  constructor(
    private readonly codec: Codec,
    queue: FlushQueue,
    traffic: Traffic,
  ) {
    const ws = { extensions: '', readyState: WebSocket.OPEN } as WebSocket;
    const owner = { codec, onDrained: () => undefined };
    const terms = { flushQueue: queue, maxBytes: MAX_BYTES, traffic };
    this.outbox = new Outbox(ws, this.socket as unknown as Socket, owner, terms);
  }

  offer(run: FrameRun): void {
    let taken = 0;
    for (const frame of run.frames) {
      const encoded = frame.encodedBy(this.codec);
      if (this.dueBytes > 0 && this.dueBytes + encoded.length > MAX_BYTES) break;
      this.due.push(encoded);
      taken += 1;
    }
    expect(this.outbox.offer(run)).toBe(taken);
    expect(this.outbox.unsentBytes).toBe(this.dueBytes);
  }

  answer(n: number): void {
    const answer = new OutboundFrame('reply', { n }).encodedBy(this.codec);
    this.due.push(answer);
    this.outbox.write(answer);
  }

  /** All that was due has left by now. */
  endTurn(): void {
    if (this.due.length > 0) this.expected.push(...this.codec.framed(this.due, this.due.length));
    this.due = [];
  }

  get hasWritten(): Buffer {
    return Buffer.concat(this.socket.written);
  }

  get wouldHaveWritten(): Buffer {
    return Buffer.concat(this.expected);
  }

  private get dueBytes(): number {
    return this.due.reduce((sum, { length }) => sum + length, 0);
  }
}

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each([CHAT, SUPERCHAT])('outboxes of $name', (codec) => {
  it('send what they took, in its order, whoever else is given the same runs', async () => {
    const traffic = new Traffic(new Meters());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), step), { maxLength: 40 }), async (steps) => {
        const queue = new FlushQueue();
        const outboxes = Array.from({ length: 3 }, () => new Judged(codec, queue, traffic));
        for (const [at, taken] of [...steps, [0, { do: 'turn' }] as const]) {
          // Most runs go to all, as in a room.
          const some = at === 3 ? outboxes : outboxes.slice(at, at + 1);
          if (taken.do === 'offer') for (const one of some) one.offer(RUNS[taken.run] as FrameRun);
          else if (taken.do === 'answer') for (const one of some) one.answer(taken.n);
          else {
            await turn();
            for (const one of outboxes) one.endTurn();
            expect(outboxes.map((one) => one.hasWritten)).toEqual(
              outboxes.map((one) => one.wouldHaveWritten),
            );
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a turn of the event loop', () => {
  /** Keeps the processor for so long. */
  const busy = (ms: number) => (): void => {
    for (const endMs = performance.now() + ms; performance.now() < endMs;);
  };

  it('does not wait for all that is to be flushed, and each is flushed once', async () => {
    const queue = new FlushQueue();
    const flushed = Array.from({ length: 200 }, () => 0);
    flushed.forEach((_, at) =>
      queue.add({
        flush() {
          busy(0.5)();
          (flushed[at] as number) += 1;
        },
      }),
    );
    await turn();
    const first = flushed.filter((times) => times === 1).length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(200);
    while (flushed.includes(0)) await turn();
    expect(flushed).toEqual(flushed.map(() => 1));
  });

  it('flushes what is asked for during a flush in the next turn', async () => {
    const queue = new FlushQueue();
    const order: string[] = [];
    const again = { flush: (): void => void order.push('again') };
    queue.add({
      flush() {
        order.push('first');
        queue.add(again);
      },
    });
    await turn();
    expect(order).toEqual(['first']);
    await turn();
    expect(order).toEqual(['first', 'again']);
  });
});
