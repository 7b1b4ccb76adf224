import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Liveness, PresenceLeases } from './presence-leases.js';

/** Two nodes with leases in one place, and the time that they live by. */
export interface LeasesUnderTest {
  readonly one: PresenceLeases;
  readonly other: PresenceLeases;
  advance(ms: number): Promise<void>;
}

/** The cases that every implementation of `PresenceLeases` passes. */
export function presenceLeasesContract(name: string, make: () => Promise<LeasesUnderTest>): void {
  describe(`${name} as PresenceLeases`, () => {
    let leases: LeasesUnderTest;
    const of = async (userId: string): Promise<Liveness | undefined> =>
      (await leases.one.livenessOf([userId, 'nobody'])).get(userId);

    beforeEach(async () => {
      leases = await make();
    });

    it('knows nobody at first', async () => {
      expect(await leases.one.livenessOf(['ann'])).toEqual(new Map());
    });

    it('shows every node what one announced', async () => {
      await leases.one.announce(new Map([['ann', 'active' as const]]));
      expect(await leases.other.livenessOf(['ann', 'bob'])).toEqual(new Map([['ann', 'active']]));
    });

    it('puts active before idle', async () => {
      await leases.one.announce(new Map([['ann', 'idle' as const]]));
      await leases.other.announce(new Map([['ann', 'active' as const]]));
      expect(await of('ann')).toBe('active');
      await leases.other.announce(new Map([['ann', undefined]]));
      expect(await of('ann')).toBe('idle');
    });

    it('forgets the users of a node whose lease ran out', async () => {
      await leases.one.announce(new Map([['ann', 'active' as const]]));
      await leases.other.announce(new Map([['bob', 'active' as const]]));
      await leases.advance(leases.one.ttlMs / 2);
      expect(await leases.other.renew()).toBe(true);
      await leases.advance(leases.one.ttlMs / 2 + 1);
      expect(await of('ann')).toBeUndefined();
      expect(await of('bob')).toBe('active');
    });

    it('tells a node that its lease was lost, and takes its users anew', async () => {
      await leases.one.announce(new Map([['ann', 'active' as const]]));
      await leases.advance(leases.one.ttlMs + 1);
      expect(await leases.one.renew()).toBe(false);
      expect(await of('ann')).toBeUndefined();
      await leases.one.announce(new Map([['ann', 'idle' as const]]));
      expect(await of('ann')).toBe('idle');
    });

    it('ends a lease at once when asked', async () => {
      await leases.one.announce(new Map([['ann', 'active' as const]]));
      await leases.one.release();
      expect(await of('ann')).toBeUndefined();
    });
  });
}
