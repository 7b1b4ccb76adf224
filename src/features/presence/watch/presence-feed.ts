import type { Cancel, Clock, Connection, TopicBus } from '../../../realtime/index.js';
import type { BlockPair } from '../../auth/index.js';
import type { Reading } from '../leases/index.js';
import { presenceChannel } from '../local/index.js';
import { hidden, type Presence, type PresenceFacts } from '../state/index.js';
import type { Visibility } from '../visibility.js';
import { KnownPresences, type Shown, shownOf } from './known-presences.js';
import { isInDoubt, type Watch, Watches } from './watches.js';

/** Changes of so long are read and pushed together. */
const GATHER_MS = 50;
const RETRY_MS = 1000;
/** One pipeline of a comparison; requests are served in between. */
const COMPARED_AT_ONCE = 500;
/** How often one request asks about memberships that go on changing. */
const MAX_QUESTIONS = 5;

/** Believes nothing without reason of those who are kept in mind. */
export interface LivenessOf {
  of(userIds: readonly string[]): Promise<ReadonlyMap<string, Reading>>;
  keep(userId: string): void;
  forget(userId: string): void;
  /** Notices that what is known of everybody was lost. */
  look(): Promise<void>;
}

export interface FeedServices {
  readonly clock: Clock;
  readonly bus: TopicBus;
  readonly facts: (userIds: readonly string[]) => Promise<ReadonlyMap<string, PresenceFacts>>;
  readonly liveness: LivenessOf;
  /** Whose choice has changed lately, on any node. */
  readonly changes: () => Promise<readonly string[] | 'all'>;
  readonly visibility: Pick<Visibility, 'visibleTo' | 'viewersOf'>;
  readonly onTrouble: (error: unknown) => void;
}

/** Someone came into a room, or left it, at their place in its log. */
export interface RoomChange {
  readonly roomId: string;
  readonly userId: string;
  readonly hasLeft: boolean;
}

/**
 * Pushes changed presences to those who watch. The bus only says of whom to read again; what is pushed is what was
 * read, when it differs from what the client was shown and the watcher may still see the user.
 */
export class PresenceFeed {
  readonly watches: Watches;
  private readonly known: KnownPresences;
  private readonly listening = new Map<string, Promise<Cancel>>();
  private readonly changed = new Set<string>();
  private readonly unsettled = new Set<Watch>();
  /** Whom a comparison found gone: when they were last seen may be stored later. */
  private lookAgain = new Set<string>();
  private readings = 0;
  private isWaiting = false;
  private isRunning = false;

  constructor(private readonly services: FeedServices) {
    this.known = new KnownPresences(services.clock, (userId) => this.onChanged(userId));
    this.watches = new Watches(
      (userId) => this.listen(userId),
      (userId) => this.forget(userId),
    );
  }

  /**
   * Reads what has just begun to be watched, and gives what the client is to be shown for a start. `confirm` throws when it is not
   * to be shown that after all: from then on it counts as shown.
   */
  async open(connection: Connection, watches: readonly Watch[], confirm?: () => void): Promise<Presence[]> {
    const userIds = watches.map(({ userId }) => userId);
    await Promise.all(userIds.flatMap((userId) => this.listening.get(userId) ?? []));
    await this.read(userIds.filter((userId) => !this.known.has(userId)));
    await this.askAbout(connection, watches);
    confirm?.();
    return watches.flatMap((watch) => this.show(watch) ?? []);
  }

  /**
   * Finds what the bus has not told: reads of everyone who is watched whether they are connected, and whose choice was
   * changed lately.
   */
  async compare(): Promise<void> {
    const userIds = this.watches.userIds();
    if (userIds.length === 0) return await this.services.liveness.look();
    for (const userId of this.lookAgain) this.changed.add(userId);
    this.lookAgain = new Set();
    try {
      const changes = await this.services.changes();
      for (const userId of changes === 'all' ? userIds : changes) this.changed.add(userId);
    } finally {
      for (let start = 0; start < userIds.length; start += COMPARED_AT_ONCE) {
        await this.compareSome(userIds.slice(start, start + COMPARED_AT_ONCE));
      }
      if (this.changed.size > 0) this.gather();
    }
  }

  private async compareSome(userIds: readonly string[]): Promise<void> {
    for (const [userId, reading] of await this.services.liveness.of(userIds)) {
      if (!this.known.isOutdatedBy(userId, reading)) continue;
      this.changed.add(userId);
      if (reading.liveness === undefined) this.lookAgain.add(userId);
    }
  }

  /** Asks who may be seen, and again while memberships change in between; what stays in doubt is hidden for now. */
  private async askAbout(connection: Connection, watches: readonly Watch[]): Promise<void> {
    const doubtful = (): Watch[] => watches.filter(isInDoubt);
    for (let attempt = 0; attempt < MAX_QUESTIONS && doubtful().length > 0; attempt += 1) {
      await this.ask('viewer', connection.principal.userId, doubtful());
    }
  }

  /** One question for many watches that have a viewer, or a user, in common. */
  private async ask(inCommon: 'viewer' | 'user', pivot: string, watches: readonly Watch[]): Promise<void> {
    const { visibility } = this.services;
    const asked = watches.map((watch) => ({ watch, doubts: watch.doubts }));
    const otherOf = inCommon === 'viewer' ? userOf : viewerOf;
    const others = [...new Set(watches.map(otherOf))];
    const allowed = await (inCommon === 'viewer'
      ? visibility.visibleTo(pivot, others)
      : visibility.viewersOf(pivot, others));
    for (const { watch, doubts } of asked) {
      // An answer from before the last change must not undo what is known since.
      if (watch.doubts !== doubts) continue;
      watch.isAllowed = allowed.has(otherOf(watch));
      watch.settledDoubts = doubts;
    }
  }

  /** Follows the watched rooms, and asks again who may see whom. */
  follow({ roomId, userId, hasLeft }: RoomChange): void {
    for (const connection of this.watches.roomWatchers(roomId)) {
      if (connection.principal.userId === userId) this.followOwn(connection, roomId, hasLeft);
      else if (hasLeft) this.watches.get(connection, userId)?.roomIds.delete(roomId);
      else this.enter(connection, roomId, userId);
    }
    for (const watch of this.watches.on(userId)) this.doubt(watch);
  }

  /** The user's own watches, whose view changes with the rooms that the user is in. */
  followViewer(connections: Iterable<Connection>): void {
    for (const connection of connections) for (const watch of this.watches.of(connection)) this.doubt(watch);
  }

  /** One has blocked the other, or no longer: the blocked one's watches ask again. */
  followBlock({ blockerId, blockedId }: BlockPair): void {
    for (const watch of this.watches.on(blockerId)) if (viewerOf(watch) === blockedId) this.doubt(watch);
  }

  /** A watch by room ends with the watcher's own membership. */
  private followOwn(connection: Connection, roomId: string, hasLeft: boolean): void {
    if (!hasLeft) return;
    for (const watch of this.watches.unwatchRoom(connection, roomId)) this.doubt(watch);
  }

  /** Someone new in a watched room: to the client they were nobody until now. */
  private enter(connection: Connection, roomId: string, userId: string): void {
    const known = this.watches.get(connection, userId);
    const watch = known ?? this.watches.begin(connection, userId);
    watch.roomIds.add(roomId);
    // One that is being opened is shown by the answer.
    if (known === undefined) watch.shown = shownOf(hidden(userId)).json;
  }

  /** Undefined when it cannot be told now: it is pushed as soon as it can. */
  private show(watch: Watch): Presence | undefined {
    const shown = isInDoubt(watch) ? shownOf(hidden(watch.userId)) : this.seen(watch);
    watch.shown = shown?.json ?? '';
    return shown?.presence;
  }

  private seen({ isAllowed, connection, userId }: Watch): Shown | undefined {
    return isAllowed ? this.known.seenBy(connection.principal.userId, userId) : shownOf(hidden(userId));
  }

  private doubt(watch: Watch): void {
    watch.doubts += 1;
    this.unsettled.add(watch);
    this.gather();
  }

  private onChanged(userId: string): void {
    this.changed.add(userId);
    this.gather();
  }

  private gather(delayMs = GATHER_MS): void {
    if (this.isWaiting || this.isRunning) return;
    this.isWaiting = true;
    this.services.clock.after(delayMs, () => {
      this.isWaiting = false;
      void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    let delayMs = GATHER_MS;
    try {
      await this.settle();
      await this.readChanged();
    } catch (error) {
      this.services.onTrouble(error);
      delayMs = RETRY_MS;
    }
    this.isRunning = false;
    if (this.changed.size + this.unsettled.size > 0) this.gather(delayMs);
  }

  /** Asks the store about every watch in doubt, in as few questions as can be, then shows what is due. */
  private async settle(): Promise<void> {
    const watches = [...this.unsettled].filter((watch) => this.isAlive(watch));
    this.unsettled.clear();
    const byViewer = grouped(watches, viewerOf);
    const byUser = grouped(watches, userOf);
    const inCommon = byViewer.size <= byUser.size ? 'viewer' : 'user';
    try {
      for (const [pivot, group] of inCommon === 'viewer' ? byViewer : byUser) {
        await this.settleGroup(inCommon, pivot, group);
      }
    } catch (error) {
      for (const watch of watches) this.unsettled.add(watch);
      throw error;
    }
  }

  private async settleGroup(
    inCommon: 'viewer' | 'user',
    pivot: string,
    watches: readonly Watch[],
  ): Promise<void> {
    await this.ask(inCommon, pivot, watches);
    await this.read(watches.map(userOf).filter((userId) => !this.known.has(userId)));
    for (const watch of watches) {
      if (isInDoubt(watch) || !this.isAlive(watch)) continue;
      const isWanted = this.watches.isWanted(watch);
      // Of one who is not watched any more nothing is told, but that there is no more to be seen.
      if (isWanted || !watch.isAllowed) this.push(watch);
      if (!isWanted) this.watches.end(watch);
    }
  }

  private isAlive(watch: Watch): boolean {
    return this.watches.get(watch.connection, watch.userId) === watch;
  }

  private async readChanged(): Promise<void> {
    const userIds = [...this.changed].filter((userId) => this.watches.isWatched(userId));
    this.changed.clear();
    try {
      await this.read(userIds);
    } catch (error) {
      for (const userId of userIds) this.changed.add(userId);
      throw error;
    }
    for (const userId of userIds) for (const watch of this.watches.on(userId)) this.push(watch);
  }

  private async read(userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    this.readings += 1;
    const version = this.readings;
    for (const [userId, facts] of await this.services.facts(userIds)) {
      if (this.watches.isWatched(userId)) this.known.take(facts, version);
    }
  }

  private push(watch: Watch): void {
    if (watch.shown === undefined || isInDoubt(watch)) return;
    const shown = this.seen(watch);
    if (shown === undefined || shown.json === watch.shown) return;
    watch.shown = shown.json;
    watch.connection.pushState(presenceChannel(watch.userId), shown.frame);
  }

  private listen(userId: string): void {
    this.services.liveness.keep(userId);
    const listening = this.services.bus.subscribe(presenceChannel(userId), () => this.onChanged(userId));
    this.listening.set(userId, listening);
    listening.catch((error: unknown) => this.services.onTrouble(error));
  }

  private forget(userId: string): void {
    const listening = this.listening.get(userId);
    this.listening.delete(userId);
    this.known.forget(userId);
    this.services.liveness.forget(userId);
    listening?.then(
      (cancel) => cancel(),
      () => undefined,
    );
  }
}

const viewerOf = ({ connection }: Watch): string => connection.principal.userId;
const userOf = ({ userId }: Watch): string => userId;

function grouped(watches: readonly Watch[], keyOf: (watch: Watch) => string): Map<string, Watch[]> {
  const groups = new Map<string, Watch[]>();
  for (const watch of watches) {
    const group = groups.get(keyOf(watch));
    if (group === undefined) groups.set(keyOf(watch), [watch]);
    else group.push(watch);
  }
  return groups;
}
