import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../testing/index.js';
import type { UserActor } from '../connection/actor.js';
import type { CloseReason } from '../connection/close.js';
import { Connection } from '../connection/connection.js';
import { FrameRun } from '../frames/frame-run.js';
import { OutboundFrame } from '../frames/outbound-frame.js';
import { Counter } from '../metrics/instruments.js';
import { CatchUp } from './catch-up.js';
import { LostPosition } from './lost-position.js';
import { PositionedTopics } from './positioned-topic.js';
import type { Recipient } from './recipient.js';
import type { PositionedFrame, Topic, TopicSource } from './topic.js';

const PAGE = 3;

const clock = new ManualClock();

/** A connection whose peer reads only when it is told to. */
class SlowRecipient extends Connection implements Recipient {
  readonly id = 'c';
  readonly principal = { userId: 'u', sessionId: 's', expiresAtMs: null };
  readonly subprotocol = 'chat';
  readonly userAgent = '';
  readonly remoteAddress = '';
  readonly openedAtMs = 0;
  readonly lastFrameAtMs = 0;
  readonly isAttached = true;
  readonly isEnding = false;
  readonly catchUp: CatchUp = new CatchUp(this, new Counter(), clock);
  /** Everything that was taken, in order: the data of each frame. */
  readonly taken: object[] = [];
  ended: CloseReason | undefined;
  private unsent = 0;
  private readonly waitingStates = new Map<string, OutboundFrame>();

  constructor(private readonly room: number) {
    super();
  }

  readonly outbox = {
    // As the real one: with the bound just reached it is not full, and yet the next frame does not fit.
    isFullNow: () => this.unsent > this.room,
    get isFull(): boolean {
      return this.isFullNow();
    },
    offer: ({ frames }: FrameRun): number => {
      const taken = frames.slice(0, Math.max(this.room - this.unsent, 0));
      this.unsent += taken.length;
      this.taken.push(...taken.map(({ data }) => data));
      return taken.length;
    },
    dropStates: (prefix: string): void => {
      for (const key of this.waitingStates.keys()) if (key.startsWith(prefix)) this.waitingStates.delete(key);
    },
  };

  get actor(): UserActor {
    return { kind: 'user', userId: 'u', sessionId: 's' };
  }

  /** The peer reads everything. */
  drain(): void {
    this.unsent = 0;
    for (const [key, frame] of this.waitingStates) {
      if (this.outbox.offer(new FrameRun([frame])) === 1) this.waitingStates.delete(key);
    }
    this.catchUp.run();
  }

  push(event: string, data: object): void {
    this.pushFrame(new OutboundFrame(event, data));
  }

  pushFrame(frame: OutboundFrame): void {
    this.taken.push(frame.data);
  }

  pushState(key: string, frame: OutboundFrame): void {
    if (this.outbox.offer(new FrameRun([frame])) === 0) this.waitingStates.set(key, frame);
  }

  closeOnceAnswered(): void {}
  prolong(): void {}
  close(close: CloseReason): void {
    this.ended = close;
  }
}

/** The log behind a topic. */
class Log implements TopicSource {
  private readonly frames: PositionedFrame[] = [];

  get head(): number {
    return this.frames.length;
  }

  append(): PositionedFrame {
    const position = this.head + 1;
    const appended = { position, frame: new OutboundFrame('event', { position }) };
    this.frames.push(appended);
    return appended;
  }

  async read(_topic: string, after: number, until: number): Promise<PositionedFrame[]> {
    await Promise.resolve();
    return this.frames.slice(after, Math.min(until, after + PAGE));
  }
}

function positions(from: number, to: number): object[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => ({ position: from + at + 1 }));
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
}

/** Publishes so many frames together. */
function publish(topic: Topic, log: Log, count = 1): void {
  const frames = Array.from({ length: count }, () => log.append().frame);
  topic.publish(topic.position + 1, ...frames);
}

describe('a topic', () => {
  it('gives a subscriber every frame after its position, those published before included', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    for (let n = 0; n < 10; n++) publish(topic, log);
    const recipient = new SlowRecipient(1000);
    topic.subscribe(recipient, 4);
    publish(topic, log);
    await settle();
    publish(topic, log);
    expect(recipient.taken).toEqual(positions(4, 12));
  });

  it('leaves out what a subscriber has already, when it is ahead of the topic', () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const recipient = new SlowRecipient(1000);
    topic.subscribe(recipient, 2);
    for (let n = 0; n < 4; n++) publish(topic, log);
    expect(recipient.taken).toEqual(positions(2, 4));
  });

  it('leaves out the first of what is published together, when a subscriber has it already', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const [recipient, ahead] = [new SlowRecipient(1000), new SlowRecipient(1000)];
    topic.subscribe(recipient, 2);
    topic.subscribe(ahead, 4);
    publish(topic, log, 4);
    await settle();
    publish(topic, log, 2);
    expect([recipient.taken, ahead.taken]).toEqual([positions(2, 6), positions(4, 6)]);
  });

  it('gives a subscriber as much of what is published together as there is room for, then the rest', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const recipient = new SlowRecipient(3);
    topic.subscribe(recipient, 0);
    publish(topic, log, 5);
    expect(recipient.taken).toEqual(positions(0, 3));
    recipient.drain();
    await settle();
    expect(recipient.taken).toEqual(positions(0, 5));
  });

  it('sends the introduction before the first frame', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const recipient = new SlowRecipient(1000);
    const first = async (): Promise<OutboundFrame> => {
      await settle();
      return new OutboundFrame('room.added', { added: true });
    };
    topic.subscribe(recipient, 0, { first });
    publish(topic, log);
    await settle();
    publish(topic, log);
    await settle();
    expect(recipient.taken).toEqual([{ added: true }, ...positions(0, 2)]);
  });

  it('ends a subscription after its last frame, and sends nothing later', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const recipient = new SlowRecipient(2);
    topic.subscribe(recipient, 0);
    for (let n = 0; n < 5; n++) publish(topic, log);
    topic.unsubscribe(recipient, 5, new OutboundFrame('room.removed', { removed: true }));
    publish(topic, log);
    for (let n = 0; n < 5; n++) {
      recipient.drain();
      await settle();
    }
    expect(recipient.taken).toEqual([...positions(0, 5), { removed: true }]);
    expect(topic.subscriberCount).toBe(0);
  });

  it('keeps a state frame behind the frames that were published before it', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const recipient = new SlowRecipient(2);
    topic.subscribe(recipient, 0);
    for (let n = 0; n < 5; n++) publish(topic, log);
    topic.publishState('typing', new OutboundFrame('typing', { typing: 1 }));
    topic.publishState('typing', new OutboundFrame('typing', { typing: 2 }));
    for (let n = 0; n < 5; n++) {
      recipient.drain();
      await settle();
    }
    expect(recipient.taken).toEqual([...positions(0, 5), { typing: 2 }]);
  });

  it('takes back, when a subscription ends, the states of its topic that wait for room', async () => {
    const [log, other] = [new Log(), new Log()];
    const topics = new PositionedTopics();
    const [topic, neighbour] = [topics.create('t', 0, log), topics.create('t2', 0, other)];
    const recipient = new SlowRecipient(1);
    for (const one of [topic, neighbour]) one.subscribe(recipient, 0);
    publish(topic, log);
    neighbour.publishState('typing', new OutboundFrame('typing', { typing: 't2' }));
    topic.publishState('typing', new OutboundFrame('typing', { typing: 't' }));
    topic.publishState('stream', new OutboundFrame('stream', { stream: 't' }));
    topic.unsubscribe(recipient, 1, new OutboundFrame('room.removed', { removed: true }));
    for (let n = 0; n < 5; n++) {
      recipient.drain();
      await settle();
    }
    expect(recipient.taken).toEqual([...positions(0, 1), { removed: true }, { typing: 't2' }]);
  });

  it('gives a subscriber the states that are for it alone, unless it goes or there are newer ones', async () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 0, log);
    const [staying, going] = [new SlowRecipient(1000), new SlowRecipient(1000)];
    const states = new Map(['typing', 'stream'].map((key) => [key, new OutboundFrame(key, { [key]: 1 })]));
    const first = async () => Promise.resolve(new OutboundFrame('room.added', { added: true }));
    for (const recipient of [staying, going]) {
      topic.subscribe(recipient, 0, { first });
      for (const [key, frame] of states) topic.sendState(recipient, key, frame);
    }
    topic.publishState('typing', new OutboundFrame('typing', { typing: 2 }));
    publish(topic, log);
    topic.unsubscribe(going, 1);
    await settle();
    expect(staying.taken).toEqual([{ added: true }, ...positions(0, 1), { stream: 1 }, { typing: 2 }]);
    expect(going.taken).toEqual([{ added: true }, ...positions(0, 1)]);
  });

  it('refuses a frame out of its order', () => {
    const log = new Log();
    const topic = new PositionedTopics().create('t', 7, log);
    expect(() => topic.publish(9, new OutboundFrame('event', {}))).toThrow('9 published after 7');
  });

  it('closes a connection when what comes next for it is gone', async () => {
    const read = () => Promise.reject(new LostPosition('t', 1));
    const topic = new PositionedTopics().create('t', 5, { read });
    const recipient = new SlowRecipient(1000);
    topic.subscribe(recipient, 1);
    await settle();
    expect([recipient.ended, recipient.taken]).toEqual([{ code: 1013, reason: 'slow' }, []]);
  });

  it('asks a source that failed again', async () => {
    const log = new Log();
    let failures = 1;
    const source: TopicSource = {
      read: (...args) => (failures-- > 0 ? Promise.reject(new Error('down')) : log.read(...args)),
    };
    const topic = new PositionedTopics().create('t', 0, source);
    for (let n = 0; n < 2; n++) publish(topic, log);
    const recipient = new SlowRecipient(1000);
    topic.subscribe(recipient, 0);
    await settle();
    await clock.advance(999);
    expect(recipient.taken).toEqual([]);
    await clock.advance(1);
    expect(recipient.taken).toEqual(positions(0, 2));
  });
});

type Step = 'publish' | 'publish three' | 'subscribe' | 'unsubscribe' | 'drain' | 'turn';

const step = fc.constantFrom<Step>(
  'publish',
  'publish',
  'publish three',
  'subscribe',
  'unsubscribe',
  'drain',
  'turn',
);

describe('whatever is interleaved', () => {
  it('each subscription gets its stretch once, in order, and whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, room) => {
          const log = new Log();
          const topic = new PositionedTopics().create('t', 0, log);
          const recipient = new SlowRecipient(room);
          const expected: object[] = [];
          let from = 0;
          const actions: Record<Step, () => void | Promise<void>> = {
            publish: () => publish(topic, log),
            'publish three': () => publish(topic, log, 3),
            subscribe: () => {
              if (topic.has(recipient)) return;
              from = Math.max(0, log.head - 2);
              topic.subscribe(recipient, from);
            },
            unsubscribe: () => {
              if (!topic.has(recipient)) return;
              expected.push(...positions(from, log.head), { last: log.head });
              topic.unsubscribe(recipient, log.head, new OutboundFrame('last', { last: log.head }));
            },
            drain: () => recipient.drain(),
            turn: settle,
          };
          for (const name of steps) await actions[name]();
          if (topic.has(recipient)) expected.push(...positions(from, log.head));
          for (let n = 0; n < 200 && recipient.taken.length < expected.length; n++) {
            recipient.drain();
            await settle();
          }
          recipient.drain();
          await settle();
          expect(recipient.taken).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
