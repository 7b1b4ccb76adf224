import type { Cancel, Clock } from '../../../realtime/index.js';
import {
  type Announcements,
  type Census,
  type Farewell,
  type Liveness,
  KEPT_SHARE,
  LEASE_MS,
  PresenceLeases,
  type Sign,
} from './presence-leases.js';

interface Lease {
  readonly id: string;
  readonly nodeId: string;
  expiresAtMs: number;
  isComplete: boolean;
}

interface Said {
  readonly lease: Lease;
  readonly liveness: Liveness;
  /** When it ends although, and because, the node has gone. */
  readonly endsAtMs?: number;
}

/** The leases of nodes that live in one process: the one node of an embedded service, or several in a test. */
export class LeaseTable {
  readonly listeners = new Set<() => void>();
  private readonly leases = new Set<Lease>();
  private readonly users = new Map<string, Map<string, Said>>();
  private eras = 0;
  private keptUntilMs = 0;
  private isAway = false;

  constructor(
    private readonly clock: Clock,
    readonly ttlMs: number = LEASE_MS,
  ) {}

  node(nodeId: string): PresenceLeases {
    return new MemoryPresenceLeases(this, nodeId);
  }

  /** Loses everything, as a server that starts again. */
  flush(): void {
    this.users.clear();
    this.leases.clear();
    this.keptUntilMs = 0;
  }

  /** Is of no use until `comeBack`; time goes on. */
  goAway(): void {
    this.isAway = true;
  }

  comeBack(): void {
    this.isAway = false;
    for (const listener of this.listeners) listener();
  }

  open(id: string, nodeId: string): Lease {
    this.look();
    if (this.keptUntilMs === 0) this.eras += 1;
    this.keep();
    const lease = { id, nodeId, expiresAtMs: this.endsAtMs(this.ttlMs), isComplete: false };
    this.leases.add(lease);
    return lease;
  }

  prolong(lease: Lease): boolean {
    this.look();
    if (!this.leases.has(lease)) return false;
    lease.expiresAtMs = this.endsAtMs(this.ttlMs);
    this.keep();
    return true;
  }

  end(leases: readonly Lease[]): void {
    this.look();
    for (const lease of leases) this.leases.delete(lease);
  }

  /** Replaces what was said under these leases of one user. */
  say(userId: string, leases: readonly Lease[], said: Said | undefined): void {
    this.look();
    const all = this.users.get(userId) ?? new Map<string, Said>();
    for (const { id } of leases) all.delete(id);
    if (said !== undefined) all.set(said.lease.id, said);
    if (all.size > 0) this.users.set(userId, all);
    else this.users.delete(userId);
  }

  endsAtMs(forMs: number): number {
    return this.clock.monotonicMs() + forMs;
  }

  read(userIds: readonly string[]): Census {
    this.look();
    const complete = [...this.leases].filter(({ isComplete }) => isComplete);
    const signs = userIds.map((userId) => [userId, this.signsOf(userId)] as const);
    return {
      era: this.keptUntilMs === 0 ? '' : String(this.eras),
      nodes: new Map(complete.map(({ nodeId, id }) => [nodeId, id])),
      signs: new Map(signs.filter(([, some]) => some.length > 0)),
    };
  }

  private keep(): void {
    this.keptUntilMs = this.endsAtMs(this.ttlMs * KEPT_SHARE);
  }

  private signsOf(userId: string): Sign[] {
    const nowMs = this.clock.monotonicMs();
    const byNode = new Map<string, Sign>();
    for (const { lease, liveness, endsAtMs } of this.users.get(userId)?.values() ?? []) {
      const { nodeId } = lease;
      if (this.leases.has(lease)) byNode.set(nodeId, { nodeId, liveness });
      else if ((endsAtMs ?? 0) > nowMs)
        byNode.set(nodeId, { nodeId, liveness, leftMs: Number(endsAtMs) - nowMs });
    }
    return [...byNode.values()];
  }

  private look(): void {
    if (this.isAway) throw new Error('the leases are away');
    const nowMs = this.clock.monotonicMs();
    if (this.keptUntilMs <= nowMs) {
      this.leases.clear();
      this.keptUntilMs = 0;
    }
    for (const lease of this.leases) if (lease.expiresAtMs <= nowMs) this.leases.delete(lease);
  }
}

/** One node's view of a table in this process. */
class MemoryPresenceLeases extends PresenceLeases {
  /** The newest is the last. */
  private held: Lease[] = [];
  private opened = 0;

  constructor(
    private readonly table: LeaseTable,
    private readonly nodeId: string,
  ) {
    super();
  }

  get ttlMs(): number {
    return this.table.ttlMs;
  }

  async open(): Promise<void> {
    await Promise.resolve();
    this.opened += 1;
    this.held.push(this.table.open(`${this.nodeId}/${this.opened}`, this.nodeId));
  }

  async complete(): Promise<boolean> {
    await Promise.resolve();
    const newest = this.held.at(-1);
    if (newest === undefined || !this.table.prolong(newest)) return false;
    newest.isComplete = true;
    this.table.end(this.held.slice(0, -1));
    this.held = [newest];
    return true;
  }

  async announce(announcements: Announcements): Promise<void> {
    await Promise.resolve();
    const lease = this.held.at(-1);
    if (lease === undefined) return;
    for (const [userId, liveness] of announcements) {
      this.table.say(userId, this.held, liveness && { lease, liveness });
    }
  }

  async renew(): Promise<boolean> {
    await Promise.resolve();
    return this.held.map((lease) => this.table.prolong(lease)).at(-1) ?? false;
  }

  async leave(farewells: ReadonlyMap<string, Farewell>): Promise<void> {
    await Promise.resolve();
    const lease = this.held.at(-1);
    if (lease === undefined) return;
    for (const [userId, { liveness, forMs }] of farewells) {
      this.table.say(userId, this.held, { lease, liveness, endsAtMs: this.table.endsAtMs(forMs) });
    }
    this.table.end(this.held);
    this.held = [];
  }

  async read(userIds: readonly string[]): Promise<Census> {
    await Promise.resolve();
    return this.table.read(userIds);
  }

  onReturn(listener: () => void): Cancel {
    this.table.listeners.add(listener);
    return () => this.table.listeners.delete(listener);
  }
}
