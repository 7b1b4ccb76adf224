import type { Clock } from '../../../realtime/index.js';
import { type Announcements, type Liveness, PresenceLeases } from './presence-leases.js';

/** A dead node is noticed within 15 s: its lease, and the time until somebody looks. */
const TTL_MS = 12_000;

interface Lease {
  expiresAtMs: number;
  readonly users: Map<string, Liveness>;
}

/** The leases of nodes that live in one process: the one node of an embedded service, or several in a test. */
export class LeaseTable {
  private readonly leases = new Map<string, Lease>();

  constructor(
    private readonly clock: Clock,
    readonly ttlMs: number = TTL_MS,
  ) {}

  node(nodeId: string): PresenceLeases {
    return new MemoryPresenceLeases(this, nodeId);
  }

  /** The node's lease, made when it has none that lives. */
  held(nodeId: string): Lease {
    const living = this.living(nodeId);
    if (living !== undefined) return living;
    const lease = { expiresAtMs: this.clock.monotonicMs() + this.ttlMs, users: new Map() };
    this.leases.set(nodeId, lease);
    return lease;
  }

  living(nodeId: string): Lease | undefined {
    const lease = this.leases.get(nodeId);
    return lease !== undefined && lease.expiresAtMs > this.clock.monotonicMs() ? lease : undefined;
  }

  prolong(lease: Lease): void {
    lease.expiresAtMs = this.clock.monotonicMs() + this.ttlMs;
  }

  end(nodeId: string): void {
    this.leases.delete(nodeId);
  }

  livenessOf(userId: string): Liveness | undefined {
    const said = [...this.leases.keys()].map((nodeId) => this.living(nodeId)?.users.get(userId));
    return said.includes('active') ? 'active' : said.find((liveness) => liveness !== undefined);
  }
}

/** One node's view of a table in this process. */
class MemoryPresenceLeases extends PresenceLeases {
  constructor(
    private readonly table: LeaseTable,
    private readonly nodeId: string,
  ) {
    super();
  }

  get ttlMs(): number {
    return this.table.ttlMs;
  }

  async announce(announcements: Announcements): Promise<void> {
    const { users } = this.table.held(this.nodeId);
    for (const [userId, liveness] of announcements) {
      if (liveness === undefined) users.delete(userId);
      else users.set(userId, liveness);
    }
    await Promise.resolve();
  }

  async renew(): Promise<boolean> {
    const living = this.table.living(this.nodeId);
    this.table.prolong(living ?? this.table.held(this.nodeId));
    return await Promise.resolve(living !== undefined);
  }

  async release(): Promise<void> {
    this.table.end(this.nodeId);
    await Promise.resolve();
  }

  async livenessOf(userIds: readonly string[]): Promise<ReadonlyMap<string, Liveness>> {
    const found = new Map<string, Liveness>();
    for (const userId of userIds) {
      const liveness = this.table.livenessOf(userId);
      if (liveness !== undefined) found.set(userId, liveness);
    }
    return await Promise.resolve(found);
  }
}
