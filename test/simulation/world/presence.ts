import { RoomAccess } from '../../../src/features/chat/index.js';
import type { RoomFacts } from '../../../src/features/chat/log/index.js';
import { roomFacts } from '../../../src/features/chat/records/index.js';
import type { MembershipChanges } from '../../../src/features/chat/stream/index.js';
import {
  type Announcements,
  type Census,
  type Farewell,
  LivenessView,
  OwnUsers,
  PresenceLeases,
} from '../../../src/features/presence/leases/index.js';
import { Announcer, LeaseKeeper, LocalPresenceService } from '../../../src/features/presence/local/index.js';
import { PresenceReader, type Sighting } from '../../../src/features/presence/state/index.js';
import { COMPARE_MS } from '../../../src/features/presence/watch/comparison.js';
import { PresenceFeed, PresenceWatching } from '../../../src/features/presence/watch/index.js';
import {
  type Actor,
  type Cancel,
  ConnectionRegistry,
  notFound,
  Rounds,
  type TopicBus,
} from '../../../src/realtime/index.js';
import type { Chance } from '../../stream/chance.js';
import type { Faults } from './faults.js';
import type { StoreLink } from './store.js';
import type { Tables } from './tables.js';
import type { NodeClock } from './time.js';

/** Everyone is always in use. */
const SETTINGS = { graceMs: 500, idleMs: 86_400_000 };

/** What the store keeps of presence. */
export class PresenceRows {
  private readonly seen = new Map<string, number>();

  of(userIds: readonly string[]) {
    return userIds.map((userId) => ({
      userId,
      choice: undefined,
      lastSeenMs: this.seen.get(userId) ?? null,
    }));
  }

  see(sightings: readonly Sighting[]): void {
    for (const { userId, atMs } of sightings)
      this.seen.set(userId, Math.max(atMs, this.seen.get(userId) ?? 0));
  }
}

/** One node's leases, at a distance: each call takes its time, and fails at times. */
export class DistantLeases extends PresenceLeases {
  /** When a call failed last; what others see of this node's users may be wrong for a while. */
  failedAtMs = -Infinity;

  constructor(
    private readonly held: PresenceLeases,
    private readonly clock: NodeClock,
    private readonly chance: Chance,
    private readonly faults: Faults,
  ) {
    super();
  }

  get ttlMs(): number {
    return this.held.ttlMs;
  }

  async open(): Promise<void> {
    await this.call(() => this.held.open());
  }

  async complete(): Promise<boolean> {
    return await this.call(() => this.held.complete());
  }

  async announce(announcements: Announcements): Promise<void> {
    await this.call(() => this.held.announce(announcements));
  }

  async renew(): Promise<boolean> {
    return await this.call(() => this.held.renew());
  }

  async leave(farewells: ReadonlyMap<string, Farewell>): Promise<void> {
    await this.call(() => this.held.leave(farewells));
  }

  async read(userIds: readonly string[]): Promise<Census> {
    return await this.call(() => this.held.read(userIds));
  }

  onReturn(listener: () => void): Cancel {
    return this.held.onReturn(() => void this.clock.after(0, listener));
  }

  private async call<Result>(make: () => Promise<Result>): Promise<Result> {
    try {
      await this.pause();
      if (this.chance.happens(this.faults.failedLeasePercent)) throw new Error('the leases are out of reach');
      const result = await make();
      await this.pause();
      return result;
    } catch (error) {
      this.failedAtMs = this.clock.monotonicMs();
      throw error;
    }
  }

  private async pause(): Promise<void> {
    await this.clock.sleep(this.chance.below(this.faults.storeMs + 1));
  }
}

/** Who may do what, and who shares a room with whom, as the store has it. */
export class SimulatedAccess extends RoomAccess {
  constructor(
    private readonly link: StoreLink,
    private readonly tables: Tables,
  ) {
    super();
  }

  async require(actor: Actor, roomId: string): Promise<RoomFacts> {
    const room = await this.link.read(() => {
      const isMember = actor.kind === 'user' && this.tables.member(roomId, actor.userId) !== undefined;
      const row = this.tables.rooms.get(roomId)?.row;
      return isMember && row ? roomFacts(row) : undefined;
    });
    if (room === undefined) throw notFound('room');
    return room;
  }

  async sharesRoom(userId: string, otherIds: readonly string[]): Promise<Set<string>> {
    return await this.link.read(() => new Set(otherIds.filter((other) => this.tables.share(userId, other))));
  }

  async memberIds(roomId: string, limit?: number): Promise<string[]> {
    return await this.link.read(() =>
      [...(this.tables.rooms.get(roomId)?.members.keys() ?? [])].slice(0, limit),
    );
  }
}

export interface PresenceTerms {
  readonly clock: NodeClock;
  readonly bus: TopicBus;
  readonly leases: PresenceLeases;
  readonly link: StoreLink;
  readonly rows: PresenceRows;
  readonly tables: Tables;
  readonly registry: ConnectionRegistry;
  readonly membershipChanges: MembershipChanges;
  readonly onTrouble: (error: unknown) => void;
}

/** A node's presence, put together as its module does. */
export class NodePresence {
  readonly local: LocalPresenceService;
  readonly watching: PresenceWatching;
  private readonly comparison: Rounds;

  constructor(terms: PresenceTerms) {
    const { clock, bus, leases, link, rows, tables, onTrouble } = terms;
    const access = new SimulatedAccess(link, tables);
    const own = new OwnUsers();
    const view = new LivenessView({ clock, leases, own, onTrouble });
    const reader = new PresenceReader(view, { of: async (ids) => link.read(() => rows.of(ids)) });
    const see = async (sightings: readonly Sighting[]): Promise<void> => link.read(() => rows.see(sightings));
    const feed = new PresenceFeed({
      clock,
      bus,
      facts: async (userIds) => reader.facts(userIds),
      liveness: view,
      changes: () => Promise.resolve([]),
      visibility: {
        visibleTo: async (viewerId, userIds) => access.sharesRoom(viewerId, userIds),
        viewersOf: async (userId, viewerIds) => access.sharesRoom(userId, viewerIds),
      },
      onTrouble,
    });
    const announcer = new Announcer({ clock, bus, leases, own, see, onTrouble });
    const keeper = new LeaseKeeper({ clock, leases, own, onTrouble });
    this.local = new LocalPresenceService(clock, announcer, keeper, SETTINGS);
    this.watching = new PresenceWatching(feed, access, terms.membershipChanges, terms.registry);
    this.comparison = new Rounds(async () => feed.compare(), onTrouble);
    this.comparison.start(clock, COMPARE_MS);
  }

  async start(): Promise<void> {
    await this.local.onModuleInit();
    await this.comparison.round();
  }

  async stop(): Promise<void> {
    await this.comparison.stop();
    await this.local.onApplicationShutdown();
    this.watching.onApplicationShutdown();
  }
}
