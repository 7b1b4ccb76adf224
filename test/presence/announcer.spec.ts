import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryTopicBus } from '../../src/realtime/fanout/topic-bus.memory.js';
import { ManualClock } from 'parley/testing';
import { LeaseTable, OwnUsers } from '../../src/features/presence/leases/index.js';
import type { Sighting } from '../../src/features/presence/state/index.js';
import { Announcer, presenceChannel } from '../../src/features/presence/local/announcer.js';

const SECOND_MS = 1000;

describe('what is stored of who was seen', () => {
  let clock: ManualClock;
  let bus: MemoryTopicBus;
  let stored: string[][];
  let isAway: boolean;
  let announcer: Announcer;

  beforeEach(async () => {
    clock = new ManualClock();
    bus = new MemoryTopicBus();
    stored = [];
    isAway = false;
    const leases = new LeaseTable(clock).node('node');
    await leases.open();
    const see = async (sightings: readonly Sighting[]): Promise<void> => {
      await Promise.resolve();
      if (isAway) throw new Error('away');
      stored.push(sightings.map(({ userId, atMs }) => `${userId} ${atMs}`));
    };
    announcer = new Announcer({ clock, bus, leases, own: new OwnUsers(), see, onTrouble: () => undefined });
  });

  it('is one write for those who came within a second, and they are told of at once', async () => {
    const told: string[] = [];
    await bus.subscribe(presenceChannel('ann'), () => told.push('ann'));
    announcer.announce('ann', 'active', 1);
    await announcer.flush();
    announcer.announce('ben', 'active', 2);
    await announcer.flush();
    expect({ told, stored }).toEqual({ told: ['ann'], stored: [] });
    await clock.advance(SECOND_MS);
    expect(stored).toEqual([['ann 1', 'ben 2']]);
    await clock.advance(SECOND_MS);
    expect(stored).toHaveLength(1);
  });

  it('is stored before anybody is told that a user is gone', async () => {
    let known: string[][] = [];
    await bus.subscribe(presenceChannel('ann'), () => (known = [...stored]));
    announcer.announce('ben', 'active', 1);
    announcer.announce('ann', undefined, 2);
    await announcer.flush();
    expect(known).toEqual([['ben 1', 'ann 2']]);
  });

  it('is stored with what comes next when the store was away', async () => {
    isAway = true;
    announcer.announce('ann', 'active', 1);
    await clock.advance(SECOND_MS);
    isAway = false;
    announcer.announce('ben', 'active', 2);
    await clock.advance(SECOND_MS);
    expect(stored).toEqual([['ann 1', 'ben 2']]);
  });

  it('is stored when the node stops', async () => {
    announcer.announce('ann', 'active', 1);
    await announcer.leave(new Map([['ann', { liveness: 'active', forMs: 5000, seenAtMs: 3 }]]));
    await clock.advance(SECOND_MS);
    expect(stored).toEqual([['ann 3']]);
  });
});
