import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Announcements, Census, Liveness, PresenceLeases } from './presence-leases.js';

/** Two nodes with leases in one place, and the time that they live by. */
export interface LeasesUnderTest {
  readonly one: PresenceLeases;
  readonly other: PresenceLeases;
  advance(ms: number): Promise<void>;
  /** Loses everything that is kept in that place. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const said = (liveness: Liveness | undefined, ...userIds: string[]): Announcements =>
  new Map(userIds.map((userId) => [userId, liveness]));

/** The cases that every implementation of `PresenceLeases` passes. */
export function presenceLeasesContract(name: string, make: () => Promise<LeasesUnderTest>): void {
  describe(`${name} as PresenceLeases`, () => {
    let leases: LeasesUnderTest;
    let one: PresenceLeases;
    let other: PresenceLeases;

    beforeEach(async () => {
      leases = await make();
      ({ one, other } = leases);
      for (const node of [one, other]) await hold(node);
    });

    afterEach(async () => leases.close());

    async function hold(node: PresenceLeases): Promise<void> {
      await node.open();
      expect(await node.complete()).toBe(true);
    }

    async function of(userId: string): Promise<Liveness[]> {
      const { signs } = await one.read([userId, 'nobody']);
      return (signs.get(userId) ?? []).map(({ liveness }) => liveness).toSorted();
    }

    const leasesOf = ({ nodes }: Census): string[] => [...nodes.values()];

    /** Less than a lease is lost in, and more than half of that. */
    const halfMs = (): number => one.ttlMs / 2;

    it('knows nobody at first, and every node', async () => {
      const census = await one.read(['ann']);
      expect(census.signs).toEqual(new Map());
      expect(census.era).not.toBe('');
      expect(leasesOf(census)).toHaveLength(2);
      expect(await other.read([])).toEqual(census);
    });

    it('shows every node what one announced, and no more once it is withdrawn', async () => {
      await one.announce(said('active', 'ann', 'bob'));
      await one.announce(said(undefined, 'bob'));
      const { signs } = await other.read(['ann', 'bob']);
      expect([...signs].map(([userId, [sign]]) => [userId, sign?.liveness])).toEqual([['ann', 'active']]);
    });

    it('keeps apart what the nodes say of a user', async () => {
      await one.announce(said('idle', 'ann'));
      await other.announce(said('active', 'ann'));
      expect(await of('ann')).toEqual(['active', 'idle']);
      await other.announce(said(undefined, 'ann'));
      expect(await of('ann')).toEqual(['idle']);
    });

    it('forgets the users of a node whose lease ran out, and keeps those of the others', async () => {
      await one.announce(said('active', 'ann'));
      await other.announce(said('active', 'bob'));
      const { era } = await one.read([]);
      for (let time = 0; time < 2; time += 1) {
        expect(await of('ann')).toEqual(['active']);
        await leases.advance(halfMs());
        expect(await other.renew()).toBe(true);
      }
      await leases.advance(1);
      expect(await of('ann')).toEqual([]);
      expect(await of('bob')).toEqual(['active']);
      const census = await one.read([]);
      expect(census.era).toBe(era);
      expect(leasesOf(census)).toHaveLength(1);
    });

    it('tells a node that its lease was lost, and takes its users anew under another', async () => {
      await one.announce(said('active', 'ann'));
      for (let time = 0; time < 3; time += 1) {
        await leases.advance(halfMs());
        await other.renew();
      }
      expect(await one.renew()).toBe(false);
      expect(await one.complete()).toBe(false);
      await one.announce(said('active', 'ann'));
      expect(await of('ann')).toEqual([]);
      await one.open();
      await one.announce(said('idle', 'ann'));
      expect(await one.complete()).toBe(true);
      expect(await one.renew()).toBe(true);
      expect(await of('ann')).toEqual(['idle']);
    });

    it('counts users under both leases while a node goes from one to the next', async () => {
      await one.announce(said('active', 'ann', 'bob', 'cid'));
      const before = leasesOf(await one.read([]));
      await one.open();
      expect(leasesOf(await one.read([])).toSorted()).toEqual(before.toSorted());
      await one.announce(said('active', 'ann'));
      await one.announce(said(undefined, 'cid'));
      expect([await of('ann'), await of('bob'), await of('cid')]).toEqual([['active'], ['active'], []]);
      expect(await one.renew()).toBe(true);
      await one.complete();
      expect([await of('ann'), await of('bob')]).toEqual([['active'], []]);
      expect(leasesOf(await one.read([])).filter((lease) => before.includes(lease))).toHaveLength(1);
    });

    it('ends the leases of a node that leaves, and what it said of its users in their time', async () => {
      await one.announce(said('active', 'ann', 'bob'));
      await one.leave(new Map([['ann', { liveness: 'active', forMs: halfMs() }]]));
      const { signs, nodes } = await other.read(['ann', 'bob']);
      expect(nodes.size).toBe(1);
      expect(signs.get('bob')).toBeUndefined();
      const [sign] = signs.get('ann') ?? [];
      expect(sign?.liveness).toBe('active');
      expect(sign?.leftMs).toBeGreaterThan(0);
      expect(sign?.leftMs).toBeLessThanOrEqual(halfMs());
      await leases.advance(halfMs() + 1);
      expect(await of('ann')).toEqual([]);
    });

    it('begins another era when everything was lost', async () => {
      await one.announce(said('active', 'ann'));
      const { era } = await one.read([]);
      await leases.flush();
      expect((await other.read(['ann'])).era).not.toBe(era);
      expect(await one.renew()).toBe(false);
      await hold(other);
      const census = await one.read(['ann']);
      expect(census.era).not.toBe(era);
      expect([census.signs.size, census.nodes.size]).toEqual([0, 1]);
    });

    it('begins another era when no lease was renewed for so long that one may have run out', async () => {
      const { era } = await one.read([]);
      await leases.advance((one.ttlMs * 2) / 3);
      expect(await one.renew()).toBe(false);
      await hold(one);
      expect((await one.read([])).era).not.toBe(era);
    });
  });
}
