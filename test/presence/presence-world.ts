import { LeaseTable, LivenessView, OwnUsers } from '../../src/features/presence/leases/index.js';
import { Announcer, LeaseKeeper, LocalPresenceService } from '../../src/features/presence/local/index.js';
import { ChoiceChanges, type ChosenStatus, PresenceReader } from '../../src/features/presence/state/index.js';
import { COMPARE_MS } from '../../src/features/presence/watch/comparison.js';
import { PresenceFeed } from '../../src/features/presence/watch/index.js';
import { Rounds } from '../../src/realtime/index.js';
import type { ManualClock } from '../../src/testing/index.js';
import type { Chance } from '../stream/chance.js';
import { RecordedConnection } from '../stream/recorded-connection.js';
import { BadBus, DistantLeases, IDLE_MS, ProcessClock, UsedConnection } from './distances.js';

export const USERS = ['ann', 'bob', 'cid'];
export const GRACE_MS = 2_000;

/** What the database keeps. */
class Rows {
  readonly choices = new Map<string, { status: ChosenStatus; atMs: number }>();
  private readonly seen = new Map<string, number>();

  constructor(private readonly clock: ManualClock) {}

  async of(userIds: readonly string[]) {
    await Promise.resolve();
    return userIds.map((userId) => {
      const status = this.choices.get(userId)?.status;
      const choice = status && { status, text: null, untilMs: null };
      return { userId, choice, lastSeenMs: this.seen.get(userId) ?? null };
    });
  }

  async see(sightings: readonly { readonly userId: string; readonly atMs: number }[]): Promise<void> {
    await Promise.resolve();
    for (const { userId, atMs } of sightings) {
      this.seen.set(userId, Math.max(atMs, this.seen.get(userId) ?? 0));
    }
  }

  async changedWithin(windowMs: number): Promise<string[]> {
    const sinceMs = this.clock.monotonicMs() - windowMs;
    await Promise.resolve();
    return [...this.choices].flatMap(([userId, { atMs }]) => (atMs > sinceMs ? userId : []));
  }
}

/** One process, with a watcher of everybody. */
export class Node {
  readonly connections = new Set<UsedConnection>();
  readonly leases: DistantLeases;
  readonly watcher: RecordedConnection;
  private readonly clock: ProcessClock;
  private readonly feed: PresenceFeed;
  private readonly local: LocalPresenceService;

  constructor(
    private readonly world: World,
    readonly id: string,
  ) {
    const { rows, bus, chance } = world;
    this.clock = new ProcessClock(world.clock);
    this.leases = new DistantLeases(world.table.node(id), chance, this.clock);
    this.leases.isCut = world.isAway;
    this.watcher = new RecordedConnection(id, `watcher of ${id}`);
    const own = new OwnUsers();
    const ground = { clock: this.clock, bus, leases: this.leases, own, onTrouble: () => undefined };
    const reader = new PresenceReader(new LivenessView(ground), rows);
    const changes = new ChoiceChanges(this.clock, async (windowMs) => rows.changedWithin(windowMs));
    this.feed = new PresenceFeed({
      ...ground,
      facts: async (userIds) => reader.facts(userIds),
      liveness: reader.view,
      changes: async () => changes.look(),
      visibility: { visibleTo: all, viewersOf: all },
    });
    const announcer = new Announcer({ ...ground, see: async (sightings) => rows.see(sightings) });
    const settings = { graceMs: GRACE_MS, idleMs: IDLE_MS };
    this.local = new LocalPresenceService(this.clock, announcer, new LeaseKeeper(ground), settings);
  }

  async start(): Promise<void> {
    await this.local.onModuleInit();
    new Rounds(
      async () => this.feed.compare(),
      () => undefined,
    ).start(this.clock, COMPARE_MS);
    const watches = USERS.map((userId) => this.feed.watches.begin(this.watcher, userId));
    for (const watch of watches) watch.isNamed = true;
    await this.feed.open(this.watcher, watches);
  }

  /** What the watcher was shown last. */
  shown(userId: string): string | undefined {
    const json = this.feed.watches.get(this.watcher, userId)?.shown;
    return json ? (JSON.parse(json) as { status: string }).status : undefined;
  }

  connect(userId: string): void {
    const connection = new UsedConnection(this.world.clock, `${this.id} ${userId}`, userId);
    this.connections.add(connection);
    this.local.attached(connection);
  }

  disconnect(connection: UsedConnection, reason: string): void {
    connection.turn(connection.isBusy);
    this.connections.delete(connection);
    this.local.detached(connection, { code: reason === '' ? 1006 : 1012, reason });
  }

  kill(): void {
    this.clock.isDead = true;
    this.connections.clear();
  }

  /** As SIGTERM: clients are told to come back, and the process goes. */
  async stop(): Promise<void> {
    for (const connection of this.connections) this.disconnect(connection, 'retry-after-ms=3000');
    await this.local.onApplicationShutdown();
    this.kill();
  }
}

const all = async (_: string, others: readonly string[]): Promise<Set<string>> =>
  Promise.resolve(new Set(others));

/** Nodes, the place of their leases, a bus and a database. */
export class World {
  readonly table: LeaseTable;
  readonly bus: BadBus;
  readonly rows: Rows;
  readonly nodes: Node[] = [];
  isAway = false;
  private started = 0;

  constructor(
    readonly clock: ManualClock,
    readonly chance: Chance,
  ) {
    this.table = new LeaseTable(clock);
    this.rows = new Rows(clock);
    this.bus = new BadBus(clock, chance);
  }

  async startNode(): Promise<Node> {
    this.started += 1;
    const node = new Node(this, `node-${this.started}`);
    await this.passing(node.start());
    this.nodes.push(node);
    return node;
  }

  remove(node: Node): void {
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  choose(userId: string, status: ChosenStatus): void {
    this.rows.choices.set(userId, { status, atMs: this.clock.monotonicMs() });
    this.bus.publish(`presence:${userId}`, {});
  }

  /** What everybody must be shown in the end. */
  truth(userId: string): string {
    const connections = this.nodes
      .flatMap((node) => [...node.connections])
      .filter((one) => one.userId === userId);
    if (connections.length === 0) return 'offline';
    const chosen = this.rows.choices.get(userId)?.status ?? 'online';
    return chosen === 'online' && !connections.some(({ isBusy }) => isBusy) ? 'away' : chosen;
  }

  /** Lets time pass until it is done. */
  async passing<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false;
    const finish = (): void => void (isDone = true);
    work.then(finish, finish);
    while (!isDone) await this.clock.advance(5);
    return await work;
  }
}
