import type { Clock } from '../../../realtime/index.js';
import type { Census } from './presence-leases.js';

/** After the leases came back, a node that has not announced its users for so long is taken for dead. */
const SETTLE_MS = 8_000;

/**
 * Whether what the leases do not say may be missing only because they were lost: from the moment at which they came back, or
 * were found to be others, until the nodes that had one have another, and at most for a while.
 */
export class Doubt {
  /** The leases that were known before, by node. */
  private readonly before = new Map<string, string>();
  private known: Census | undefined;
  private endsAtMs = -Infinity;

  constructor(private readonly clock: Clock) {}

  get isOn(): boolean {
    return this.clock.monotonicMs() < this.endsAtMs;
  }

  begin(): void {
    if (!this.isOn) this.before.clear();
    for (const [nodeId, lease] of this.known?.nodes ?? []) this.before.set(nodeId, lease);
    this.endsAtMs = this.clock.monotonicMs() + SETTLE_MS;
  }

  /** Takes note of what the leases say; in the order in which it was read. */
  see(census: Census): void {
    if (this.known !== undefined && this.known.era !== census.era) this.begin();
    this.known = census;
  }

  /** Whether the node has announced all of its users since the doubt began. */
  hasReturned(nodeId: string, nodes: Census['nodes']): boolean {
    const lease = nodes.get(nodeId);
    return lease !== undefined && lease !== this.before.get(nodeId);
  }

  /** Whether every node has that was there before. */
  isOver(nodes: Census['nodes']): boolean {
    return [...this.before.keys()].every((nodeId) => this.hasReturned(nodeId, nodes));
  }
}
