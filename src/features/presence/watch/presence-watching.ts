import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  type Cancel,
  type Connection,
  type ConnectionObserver,
  ConnectionRegistry,
  invalid,
  notFound,
  ObservesConnections,
} from '../../../realtime/index.js';
import { MembershipChanges, RoomAccess } from '../../chat/index.js';
import type { Presence } from '../state/index.js';
import { PresenceFeed } from './presence-feed.js';
import type { Watch } from './watches.js';

/** One connection watches at most so many users; it bounds what a connection costs. */
export const MAX_WATCHED = 2000;
/** A watch by room covers so many of its members, the longest-standing first. */
export const MAX_WATCHED_MEMBERS = 1000;

/** Whom a request asks to watch. */
interface Watched {
  readonly userIds?: readonly string[] | undefined;
  readonly roomId?: string | undefined;
}

interface Covered {
  readonly userIds: readonly string[];
  readonly roomId?: string;
  /** Members of the room, each once. */
  readonly memberIds: readonly string[];
}

interface Begun {
  readonly watches: readonly Watch[];
  /** Those that the client had not named before. */
  readonly named: readonly Watch[];
}

/** Whose presence a connection is pushed. */
@Injectable()
@ObservesConnections()
export class PresenceWatching implements ConnectionObserver, OnApplicationShutdown {
  private readonly cancels: readonly Cancel[];

  constructor(
    private readonly feed: PresenceFeed,
    private readonly access: RoomAccess,
    membershipChanges: MembershipChanges,
    registry: ConnectionRegistry,
  ) {
    this.cancels = [
      membershipChanges.observe((changes) => {
        for (const { roomId, userId, removal } of changes) {
          this.feed.follow({ roomId, userId, hasLeft: removal !== undefined });
          this.feed.followViewer(registry.ofUser(userId));
        }
      }),
      membershipChanges.observeMissed((userIds) => {
        for (const userId of userIds) this.feed.followViewer(registry.ofUser(userId));
      }),
    ];
  }

  detached(connection: Connection): void {
    this.feed.watches.drop(connection);
  }

  onApplicationShutdown(): void {
    for (const cancel of this.cancels) cancel();
  }

  /**
   * Watches these users until they are unwatched or the connection ends, and whoever is a member of the room for as long as the
   * connection's user is one. A request that is refused begins nothing.
   */
  async watch(connection: Connection, { userIds = [], roomId }: Watched): Promise<Presence[]> {
    if (roomId === undefined) return await this.open(connection, { userIds, memberIds: [] });
    const { watches } = this.feed;
    // It begins before the store is asked: a removal that is told between the question and its answer must find it.
    const watch = watches.watchRoom(connection, roomId);
    // A removal that came meanwhile has ended it again, also for one who has come back since.
    const confirm = (): void => {
      if (watches.roomWatch(connection, roomId) !== watch) throw notFound('room');
    };
    watch.openings += 1;
    try {
      await this.access.require(connection.actor, roomId);
      const memberIds = await this.access.memberIds(roomId, MAX_WATCHED_MEMBERS);
      confirm();
      const presences = await this.open(connection, { userIds, memberIds, roomId }, confirm);
      watch.isConfirmed = true;
      return presences;
    } catch (error) {
      const isLast = !watch.isConfirmed && watch.openings === 1;
      if (isLast && watches.roomWatch(connection, roomId) === watch) this.unwatchRoom(connection, roomId);
      throw error;
    } finally {
      watch.openings -= 1;
    }
  }

  unwatchUsers(connection: Connection, userIds: readonly string[]): void {
    const { watches } = this.feed;
    for (const userId of userIds) {
      const watch = watches.get(connection, userId);
      if (watch === undefined) continue;
      watch.isNamed = false;
      if (!watches.isWanted(watch)) watches.end(watch);
    }
  }

  unwatchRoom(connection: Connection, roomId: string): void {
    const { watches } = this.feed;
    for (const watch of watches.unwatchRoom(connection, roomId)) {
      if (!watches.isWanted(watch)) watches.end(watch);
    }
  }

  unwatchAll(connection: Connection): void {
    this.feed.watches.drop(connection);
  }

  private begin(connection: Connection, { userIds, memberIds, roomId }: Covered): Begun {
    const { watches } = this.feed;
    const all = new Set([...memberIds, ...userIds]);
    const added = [...all].filter((userId) => watches.get(connection, userId) === undefined).length;
    if (watches.count(connection) + added > MAX_WATCHED) {
      throw invalid('', `a connection watches at most ${MAX_WATCHED} users`);
    }
    const begun = [...all].map((userId) => watches.begin(connection, userId));
    for (const { roomIds } of begun.slice(0, memberIds.length)) if (roomId !== undefined) roomIds.add(roomId);
    const asked = new Set(userIds);
    const named = begun.filter(({ userId, isNamed }) => asked.has(userId) && !isNamed);
    for (const watch of named) watch.isNamed = true;
    return { watches: begun, named };
  }

  /** What a client was not shown is not left behind, unless another request is about to show it. */
  private async open(connection: Connection, covered: Covered, confirm?: () => void): Promise<Presence[]> {
    const begun = this.begin(connection, covered);
    for (const watch of begun.watches) watch.openings += 1;
    try {
      return await this.feed.open(connection, begun.watches, confirm);
    } catch (error) {
      this.takeBack(begun);
      throw error;
    } finally {
      for (const watch of begun.watches) watch.openings -= 1;
    }
  }

  private takeBack(begun: Begun): void {
    const { watches } = this.feed;
    const isLast = ({ openings }: Watch): boolean => openings === 1;
    for (const watch of begun.named.filter(isLast)) watch.isNamed = false;
    for (const watch of begun.watches.filter(isLast)) {
      if (watch.shown === undefined || !watches.isWanted(watch)) watches.end(watch);
    }
  }
}
