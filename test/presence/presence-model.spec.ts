import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChosenStatus } from '../../src/features/presence/state/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { Chance } from '../stream/chance.js';
import { IDLE_MS } from './distances.js';
import { GRACE_MS, type Node, USERS, World } from './presence-world.js';

const NODES = 3;
/** A lease, the time to settle, two comparisons, and the longest that the bus holds a message up. */
const QUIET_MS = 40_000;
/** How long what a node says takes to be known everywhere after something was mended. */
const SPREAD_MS = 6_000;

type Step =
  | {
      readonly do: 'connect' | 'leave' | 'drop' | 'idle' | 'use';
      readonly user: number;
      readonly node: number;
    }
  | { readonly do: 'set'; readonly user: number; readonly status: ChosenStatus }
  | { readonly do: 'kill' | 'stop' | 'cut' | 'mend'; readonly node: number }
  | { readonly do: 'flush' | 'away' | 'back' | 'bad bus' | 'good bus' }
  | { readonly do: 'wait'; readonly ms: number };

const user = fc.nat(USERS.length - 1);
const node = fc.nat(NODES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'connect' as const,
        'connect' as const,
        'leave' as const,
        'drop' as const,
        'idle' as const,
        'use' as const,
      ),
      user,
      node,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      user,
      status: fc.constantFrom<ChosenStatus>('online', 'dnd', 'away'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('kill' as const, 'stop' as const, 'cut' as const, 'mend' as const),
      node,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'flush' as const,
        'away' as const,
        'back' as const,
        'bad bus' as const,
        'good bus' as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(500), fc.nat(15_000)) }),
  },
);

/** Plays steps, and looks whenever somebody is shown offline whether that may be. */
class Play {
  /** Since when the user has had a connection on a node that was never cut off alone: by node and user. */
  private readonly steady = new Map<Node, Map<string, number>>();
  readonly wrong: string[] = [];

  constructor(readonly world: World) {}

  async begin(): Promise<void> {
    for (let count = 0; count < NODES; count += 1) await this.start();
  }

  async take(taken: Step): Promise<void> {
    const { world } = this;
    if (taken.do === 'wait') await world.clock.advance(taken.ms);
    else if (taken.do === 'set') world.choose(USERS[taken.user] ?? '', taken.status);
    else if ('user' in taken) this.touch(taken.do, USERS[taken.user] ?? '', this.nodeAt(taken.node));
    else if ('node' in taken) await this.harm(taken.do, this.nodeAt(taken.node));
    else this.disturb(taken.do);
    await world.clock.advance(1);
    this.refresh();
  }

  /** Everything is well again, and long enough has passed. */
  async end(): Promise<void> {
    for (const each of ['back', 'good bus'] as const) this.disturb(each);
    for (const each of this.world.nodes) this.mend(each);
    await this.world.clock.advance(QUIET_MS);
  }

  private nodeAt(index: number): Node {
    const found = this.world.nodes[index];
    if (found === undefined) throw new Error('there are always as many nodes');
    return found;
  }

  private async start(): Promise<void> {
    const started = await this.world.startNode();
    this.steady.set(started, new Map());
    const shown = new Map(USERS.map((userId) => [userId, started.shown(userId)]));
    started.watcher.pushState = (_, frame): void => {
      const { userId, status } = frame.data as { userId: string; status: string };
      if (status === 'offline' && shown.get(userId) !== 'offline') this.judge(started, userId);
      shown.set(userId, status);
    };
  }

  private judge(observer: Node, userId: string): void {
    const nowMs = this.world.clock.monotonicMs();
    for (const [where, since] of this.steady) {
      const ofUser = since.get(userId) ?? Infinity;
      if (nowMs - ofUser <= 1_000) continue;
      this.wrong.push(`${observer.id} called ${userId} offline at ${nowMs}, on ${where.id} since ${ofUser}`);
    }
  }

  private touch(act: 'connect' | 'leave' | 'drop' | 'idle' | 'use', userId: string, where: Node): void {
    if (act === 'connect') where.connect(userId);
    const [connection] = [...where.connections].filter((one) => one.userId === userId);
    if (connection === undefined) return;
    if (act === 'idle' || act === 'use') connection.turn(act === 'use');
    if (act === 'leave' || act === 'drop')
      where.disconnect(connection, act === 'drop' ? 'retry-after-ms=3000' : '');
  }

  private async harm(act: 'kill' | 'stop' | 'cut' | 'mend', where: Node): Promise<void> {
    if (act === 'cut') {
      where.leases.isCut = true;
      this.steady.get(where)?.clear();
    }
    if (act === 'mend' && !this.world.isAway) this.mend(where);
    if (act !== 'kill' && act !== 'stop') return;
    this.steady.delete(where);
    if (act === 'stop') await this.world.passing(where.stop());
    where.kill();
    this.world.remove(where);
    await this.start();
  }

  private mend(where: Node): void {
    where.leases.mend();
  }

  private disturb(act: 'flush' | 'away' | 'back' | 'bad bus' | 'good bus'): void {
    const { world } = this;
    if (act === 'flush') world.table.flush();
    if (act === 'bad bus' || act === 'good bus') world.bus.isBad = act === 'bad bus';
    if (act === 'away' || act === 'back') this.reach(act === 'back');
  }

  /** Whether any node can reach the leases. */
  private reach(isThere: boolean): void {
    const { world } = this;
    if (world.isAway !== isThere) return;
    world.isAway = !isThere;
    for (const each of world.nodes) {
      if (isThere) this.mend(each);
      else each.leases.isCut = true;
    }
  }

  /** Whoever came while the leases could not be told counts a while after they could. */
  private refresh(): void {
    const nowMs = this.world.clock.monotonicMs();
    for (const [where, since] of this.steady) {
      const here = new Set([...where.connections].map(({ userId }) => userId));
      for (const userId of since.keys()) if (!here.has(userId)) since.delete(userId);
      if (where.leases.isCut) continue;
      for (const userId of here) if (!since.has(userId)) since.set(userId, nowMs + SPREAD_MS);
    }
  }
}

describe('presence over nodes that die, leases that are lost and a bus that loses', () => {
  it('shows everyone the truth in the end, and nobody offline who was there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, seed) => {
        const play = new Play(new World(new ManualClock(), new Chance(seed)));
        await play.begin();
        for (const each of steps) await play.take(each);
        await play.end();
        expect(play.wrong).toEqual([]);
        const { nodes } = play.world;
        const truth = USERS.map((userId) => play.world.truth(userId));
        for (const each of nodes)
          expect([each.id, ...USERS.map((userId) => each.shown(userId))]).toEqual([each.id, ...truth]);
      }),
      { numRuns: Number(process.env['PRESENCE_RUNS'] ?? 60) },
    );
  });

  it('waits long enough for all that it knows of', () => {
    expect(QUIET_MS).toBeGreaterThan(GRACE_MS + IDLE_MS + 3_000 + 10_000 + 8_000);
  });
});
