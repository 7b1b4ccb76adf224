import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testing/index.js';
import { LivenessView } from './liveness-view.js';
import { OwnUsers } from './own-users.js';
import type { Liveness, PresenceLeases } from './presence-leases.js';
import { LeaseTable } from './presence-leases.memory.js';

const SETTLE_MS = 8_000;

describe('what a node believes of users', () => {
  let clock: ManualClock;
  let table: LeaseTable;
  let one: PresenceLeases;
  let own: OwnUsers;
  let view: LivenessView;

  beforeEach(async () => {
    clock = new ManualClock();
    table = new LeaseTable(clock);
    own = new OwnUsers();
    one = table.node('one');
    view = new LivenessView({ clock, leases: table.node('other'), own, onTrouble: () => undefined });
    await hold();
    view.keep('ann');
    await say('active', 'ann', 'bob');
    expect([await of('ann'), await of('bob')]).toEqual(['active', 'active']);
  });

  async function hold(...userIds: string[]): Promise<void> {
    await one.open();
    await say('active', ...userIds);
    await one.complete();
  }

  const say = async (liveness: Liveness | undefined, ...userIds: string[]): Promise<void> =>
    one.announce(new Map(userIds.map((userId) => [userId, liveness])));

  const of = async (userId: string) => (await view.of([userId])).get(userId)?.liveness;

  /** Lets time pass while the one node renews its lease. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await one.renew();
      await clock.advance(1_000);
    }
  }

  it('follows the leases', async () => {
    await say('idle', 'ann');
    expect(await of('ann')).toBe('idle');
    await say(undefined, 'ann');
    expect(await of('ann')).toBeUndefined();
  });

  it('takes nobody for gone when the leases were lost after no more than a look', async () => {
    const leases = table.node('third');
    const fresh = new LivenessView({ clock, leases, own, onTrouble: () => undefined });
    await fresh.look();
    table.flush();
    expect((await fresh.of(['ann'])).get('ann')?.liveness).toBe('unknown');
  });

  it('stays while the leases are away, and says so of whom it knows nothing', async () => {
    table.goAway();
    expect([await of('ann'), await of('bob')]).toEqual(['active', 'unknown']);
    own.set('bob', 'idle');
    expect(await of('bob')).toBe('idle');
  });

  it('takes nobody for gone who is missing after the leases came back, until the node has another', async () => {
    table.goAway();
    table.comeBack();
    await say(undefined, 'ann', 'bob');
    expect([await of('ann'), await of('bob')]).toEqual(['active', 'unknown']);
    await hold();
    expect([await of('ann'), await of('bob')]).toEqual([undefined, undefined]);
  });

  it('takes those for gone after a while whose node has not come back', async () => {
    table.flush();
    expect([await of('ann'), await of('bob')]).toEqual(['active', 'unknown']);
    await clock.advance(SETTLE_MS - 1);
    expect([await of('ann'), await of('bob')]).toEqual(['active', 'unknown']);
    await clock.advance(1);
    expect([await of('ann'), await of('bob')]).toEqual([undefined, undefined]);
  });

  it('believes at once of whom it hears after the leases were lost', async () => {
    table.flush();
    expect(await of('ann')).toBe('active');
    await hold('bob');
    expect([await of('ann'), await of('bob')]).toEqual([undefined, 'active']);
    await pass(SETTLE_MS);
    expect(await of('bob')).toBe('active');
  });

  it('says when a user of a node that has left will be gone', async () => {
    await one.leave(new Map([['ann', { liveness: 'active', forMs: 4_000 }]]));
    expect((await view.of(['ann', 'bob'])).get('ann')).toEqual({ liveness: 'active', leftMs: 4_000 });
    expect(await of('bob')).toBeUndefined();
    await clock.advance(4_000);
    expect(await of('ann')).toBeUndefined();
  });
});
