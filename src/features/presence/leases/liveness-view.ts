import type { Clock } from '../../../realtime/index.js';
import { Doubt } from './doubt.js';
import type { OwnUsers } from './own-users.js';
import type { Census, Liveness, PresenceLeases, Sign } from './presence-leases.js';

/** What this node believes of a user. */
export interface Reading {
  /** `undefined`: not connected; `unknown`: that cannot be said now. */
  readonly liveness: Liveness | 'unknown' | undefined;
  /** It may change by itself in so many milliseconds. */
  readonly leftMs?: number;
}

/** What was last believed of a user who is kept in mind. */
interface Belief {
  readonly liveness: Liveness | undefined;
  readonly nodeIds: readonly string[];
}

export interface ViewServices {
  readonly clock: Clock;
  readonly leases: PresenceLeases;
  readonly own: OwnUsers;
  readonly onTrouble: (error: unknown) => void;
}

const GONE: Belief = { liveness: undefined, nodeIds: [] };

/**
 * Who is connected on any node, as this node believes. What the leases say is believed, but nobody is taken for gone
 * because the leases were away or lost what they knew: then what was believed before stays, until the nodes in question
 * have announced their users anew, or have had the time for it.
 *
 * Readings are made one after the other, so that a later answer is a newer one; who asks meanwhile shares the next.
 */
export class LivenessView {
  private readonly kept = new Map<string, Belief | undefined>();
  private readonly doubt: Doubt;
  private asked = new Set<string>();
  private next: Promise<Census | undefined> | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private isAway = false;

  constructor(private readonly services: ViewServices) {
    this.doubt = new Doubt(services.clock);
    services.leases.onReturn(() => this.doubt.begin());
  }

  /** Keeps in mind what is believed of the user, to stay with it in doubt. */
  keep(userId: string): void {
    if (!this.kept.has(userId)) this.kept.set(userId, undefined);
  }

  forget(userId: string): void {
    this.kept.delete(userId);
  }

  /** Never rejects: while the leases are away it is what was believed before. */
  async of(userIds: readonly string[]): Promise<Map<string, Reading>> {
    for (const userId of userIds) this.asked.add(userId);
    const census = userIds.length === 0 ? undefined : await (this.next ??= this.queue());
    return new Map(userIds.map((userId) => [userId, this.read(userId, census)]));
  }

  /**
   * Takes note of whose leases live. Whoever has seen nothing before the leases were lost takes all whom it is asked about then
   * for gone, so a node looks also while it has nobody to ask about. Never rejects.
   */
  async look(): Promise<void> {
    await (this.next ??= this.queue());
  }

  private async queue(): Promise<Census | undefined> {
    const reading = this.last.then(async () => {
      const userIds = [...this.asked];
      this.asked = new Set();
      this.next = undefined;
      return await this.take(userIds);
    });
    this.last = reading;
    return await reading;
  }

  private async take(userIds: readonly string[]): Promise<Census | undefined> {
    const { leases, onTrouble } = this.services;
    try {
      const census = await leases.read(userIds);
      this.isAway = false;
      this.doubt.see(census);
      for (const userId of userIds) {
        const belief = this.believe(userId, census);
        if (this.kept.has(userId)) this.kept.set(userId, belief);
      }
      return census;
    } catch (error) {
      if (!this.isAway) onTrouble(error);
      this.isAway = true;
      return undefined;
    }
  }

  private read(userId: string, census: Census | undefined): Reading {
    const own = this.services.own.get(userId);
    const belief = this.kept.get(userId) ?? (census && this.believe(userId, census));
    if (belief === undefined) return { liveness: own ?? 'unknown' };
    const leftMs = leftOf(census?.signs.get(userId) ?? []);
    const liveness = moreOf(own, belief.liveness);
    return leftMs === undefined ? { liveness } : { liveness, leftMs };
  }

  private believe(userId: string, { signs, nodes }: Census): Belief | undefined {
    const said = signs.get(userId) ?? [];
    const liveness = moreOf(...said.map((sign) => sign.liveness));
    const belief = { liveness, nodeIds: said.map(({ nodeId }) => nodeId) };
    if (!this.doubt.isOn) return belief;
    const before = this.kept.get(userId);
    if (before === undefined) return liveness !== undefined || this.doubt.isOver(nodes) ? belief : undefined;
    const missing = before.nodeIds.filter((nodeId) => !this.doubt.hasReturned(nodeId, nodes));
    if (missing.length === 0) return liveness === undefined ? GONE : belief;
    return {
      liveness: moreOf(liveness, before.liveness),
      nodeIds: [...new Set([...belief.nodeIds, ...missing])],
    };
  }
}

function moreOf(...all: readonly (Liveness | undefined)[]): Liveness | undefined {
  return all.includes('active') ? 'active' : all.find((liveness) => liveness !== undefined);
}

function leftOf(signs: readonly Sign[]): number | undefined {
  const all = signs.flatMap(({ leftMs }) => leftMs ?? []);
  return all.length === 0 ? undefined : Math.min(...all);
}
