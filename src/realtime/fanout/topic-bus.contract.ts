import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TopicBus } from './topic-bus.js';

export interface TopicBusUnderTest {
  readonly bus: TopicBus;
  /** Lets messages be lost for a while, those of this node's bus and those for it; `undefined`: this one loses nothing. */
  loseForAWhile?(): Promise<void>;
  /** Resolves when everything published so far has arrived. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** What every implementation of `TopicBus` does while nothing fails: losing and reordering is not asked for. */
export function describeTopicBus(name: string, open: () => Promise<TopicBusUnderTest>): void {
  describe(`a topic bus in ${name}`, () => {
    let tested: TopicBusUnderTest;
    let bus: TopicBus;
    let received: unknown[];
    const record = (message: unknown): void => {
      received.push(message);
    };

    beforeEach(async () => {
      tested = await open();
      bus = tested.bus;
      received = [];
    });

    afterEach(() => tested.close());

    it('hands a message to every listener of its channel, and to no other', async () => {
      const [others, strangers]: unknown[][] = [[], []];
      await bus.subscribe('a', record);
      await bus.subscribe('a', (message) => others?.push(message));
      await bus.subscribe('b', (message) => strangers?.push(message));
      bus.publish('a', { n: 1 });
      await tested.settle();
      expect([received, others, strangers]).toEqual([[{ n: 1 }], [{ n: 1 }], []]);
    });

    it('carries any JSON', async () => {
      const message = { text: 'é😀\u0000', list: [1, null, { deep: true }], zero: 0 };
      await bus.subscribe('a', record);
      bus.publish('a', message);
      await tested.settle();
      expect(received).toEqual([message]);
    });

    it('carries what is published once a subscription has resolved, in its order', async () => {
      await bus.subscribe('a', record);
      for (let n = 0; n < 100; n++) bus.publish('a', { n });
      await tested.settle();
      expect(received).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })));
    });

    it('takes the same listener twice, as two subscriptions', async () => {
      const cancel = await bus.subscribe('a', record);
      cancel();
      await bus.subscribe('a', record);
      await bus.subscribe('a', record);
      cancel();
      bus.publish('a', { n: 1 });
      await tested.settle();
      expect(received).toEqual([{ n: 1 }, { n: 1 }]);
    });

    it('keeps nothing for those who come later', async () => {
      bus.publish('a', { n: 1 });
      await tested.settle();
      await bus.subscribe('a', record);
      await tested.settle();
      expect(received).toEqual([]);
    });

    it('hands nothing to a listener that has cancelled, and goes on for the others', async () => {
      const others: unknown[] = [];
      const cancel = await bus.subscribe('a', record);
      await bus.subscribe('a', (message) => others.push(message));
      cancel();
      cancel();
      bus.publish('a', { n: 1 });
      await tested.settle();
      expect([received, others]).toEqual([[], [{ n: 1 }]]);
    });

    it('can be subscribed to again after the last listener has gone', async () => {
      const cancel = await bus.subscribe('a', record);
      cancel();
      await bus.subscribe('a', record);
      cancel();
      bus.publish('a', { n: 1 });
      await tested.settle();
      expect(received).toEqual([{ n: 1 }]);
    });

    it('lets a listener cancel, and subscribe, while it is handed a message', async () => {
      const cancel = await bus.subscribe('a', (message) => {
        cancel();
        received.push(message);
        void bus.subscribe('b', record);
      });
      bus.publish('a', { n: 1 });
      await tested.settle();
      bus.publish('a', { n: 2 });
      bus.publish('b', { n: 3 });
      await tested.settle();
      expect(received).toEqual([{ n: 1 }, { n: 3 }]);
    });

    it('tells of no gap while nothing is lost', async () => {
      let gaps = 0;
      const cancel = bus.onGap(() => (gaps += 1));
      await bus.subscribe('a', record);
      bus.publish('a', { n: 1 });
      await tested.settle();
      expect(gaps).toBe(0);
      cancel();
    });

    it('tells whoever listens of a gap, when messages arrive again', async () => {
      if (tested.loseForAWhile === undefined) return;
      const cancelled: string[] = [];
      bus.onGap(() => cancelled.push('gap'))();
      await bus.subscribe('a', record);
      const told = new Promise<void>((resolve) => {
        bus.onGap(() => {
          bus.publish('a', { n: 1 });
          resolve();
        });
      });
      await tested.loseForAWhile();
      await told;
      await tested.settle();
      expect(received).toContainEqual({ n: 1 });
      expect(cancelled).toEqual([]);
    });
  });
}
