import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TicketStore } from './ticket-store.js';

/** A ticket store and the time that it lives in. */
export interface TicketStoreHome {
  /** The store as two nodes see it; the same object twice where a store is of one node only. */
  readonly nodes: readonly [TicketStore, TicketStore];
  /** Lets that much time pass. */
  pass(ms: number): Promise<void>;
}

const TTL_MS = 30_000;

function holder(userId: string) {
  return { userId, sessionId: `session of ${userId}`, expiresAtMs: 1_800_000_000_000 };
}

/** What every implementation of `TicketStore` does. */
export function describeTicketStore(name: string, makeHome: () => Promise<TicketStoreHome>): void {
  describe(`${name}, as a ticket store`, () => {
    let home: TicketStoreHome;

    beforeEach(async () => (home = await makeHome()));

    it('hands out what was put, on any node', async () => {
      const [here, there] = home.nodes;
      await here.put('a', holder('ann'), TTL_MS);
      await here.put('b', { ...holder('ben'), expiresAtMs: null }, TTL_MS);
      expect(await there.take('a')).toEqual(holder('ann'));
      expect(await here.take('b')).toEqual({ ...holder('ben'), expiresAtMs: null });
    });

    it('hands it out once', async () => {
      const [here, there] = home.nodes;
      await here.put('a', holder('ann'), TTL_MS);
      await here.take('a');
      expect(await here.take('a')).toBeUndefined();
      expect(await there.take('a')).toBeUndefined();
    });

    it('hands it to one of many who ask at once', async () => {
      const [here, there] = home.nodes;
      await here.put('a', holder('ann'), TTL_MS);
      const taken = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => (i % 2 ? here : there).take('a')),
      );
      expect(taken.filter((principal) => principal !== undefined)).toEqual([holder('ann')]);
    });

    it('does not know what was never put', async () => {
      expect(await home.nodes[0].take('a')).toBeUndefined();
    });

    it('keeps it until its time is over, and no longer', async () => {
      const [here] = home.nodes;
      await here.put('early', holder('ann'), TTL_MS);
      await here.put('late', holder('ben'), TTL_MS);
      await home.pass(TTL_MS - 1_000);
      expect(await here.take('early')).toEqual(holder('ann'));
      await home.pass(1_001);
      expect(await here.take('late')).toBeUndefined();
    });
  });
}
