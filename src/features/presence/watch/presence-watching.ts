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

/** Whose presence a connection is pushed. */
@Injectable()
@ObservesConnections()
export class PresenceWatching implements ConnectionObserver, OnApplicationShutdown {
  private readonly cancelFollowing: Cancel;

  constructor(
    private readonly feed: PresenceFeed,
    private readonly access: RoomAccess,
    membershipChanges: MembershipChanges,
    registry: ConnectionRegistry,
  ) {
    this.cancelFollowing = membershipChanges.observe((changes) => {
      for (const { roomId, userId, removal } of changes) {
        this.feed.follow({ roomId, userId, hasLeft: removal !== undefined });
        this.feed.followViewer(registry.ofUser(userId));
      }
    });
  }

  detached(connection: Connection): void {
    this.feed.watches.drop(connection);
  }

  onApplicationShutdown(): void {
    this.cancelFollowing();
  }

  /** Watches these users until they are unwatched or the connection ends. */
  async watchUsers(connection: Connection, userIds: readonly string[]): Promise<Presence[]> {
    const watches = this.begin(connection, [...new Set(userIds)], (watch) => (watch.isNamed = true));
    return await this.open(connection, watches);
  }

  /** Watches whoever is a member of the room, for as long as the connection's user is one. */
  async watchRoom(connection: Connection, roomId: string): Promise<Presence[]> {
    await this.beginRoom(connection, roomId);
    const covered = await this.access.memberIds(roomId, MAX_WATCHED_MEMBERS);
    this.requireWatch(connection, roomId);
    const watches = this.begin(connection, covered, (watch) => watch.roomIds.add(roomId));
    return await this.open(connection, watches, () => this.requireWatch(connection, roomId));
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

  /** It begins before the store is asked: a removal that is told between the question and its answer must find it. */
  private async beginRoom(connection: Connection, roomId: string): Promise<void> {
    const { watches } = this.feed;
    const wasWatching = watches.isWatchingRoom(connection, roomId);
    watches.watchRoom(connection, roomId);
    try {
      await this.access.require(connection.actor, roomId);
    } catch (error) {
      if (!wasWatching) this.unwatchRoom(connection, roomId);
      throw error;
    }
  }

  /** A removal that came meanwhile has ended the watch again, also for one who has come back since. */
  private requireWatch(connection: Connection, roomId: string): void {
    if (!this.feed.watches.isWatchingRoom(connection, roomId)) throw notFound('room');
  }

  private begin(
    connection: Connection,
    userIds: readonly string[],
    want: (watch: Watch) => void,
  ): readonly Watch[] {
    const { watches } = this.feed;
    const added = userIds.filter((userId) => watches.get(connection, userId) === undefined).length;
    if (watches.count(connection) + added > MAX_WATCHED) {
      throw invalid('', `a connection watches at most ${MAX_WATCHED} users`);
    }
    return userIds.map((userId) => {
      const watch = watches.begin(connection, userId);
      want(watch);
      return watch;
    });
  }

  /** A watch whose client was never shown anything is not left behind, unless another request is about to show it. */
  private async open(
    connection: Connection,
    watches: readonly Watch[],
    confirm?: () => void,
  ): Promise<Presence[]> {
    for (const watch of watches) watch.openings += 1;
    try {
      return await this.feed.open(connection, watches, confirm);
    } catch (error) {
      const isLast = ({ shown, openings }: Watch): boolean => shown === undefined && openings === 1;
      for (const watch of watches.filter(isLast)) this.feed.watches.end(watch);
      throw error;
    } finally {
      for (const watch of watches) watch.openings -= 1;
    }
  }
}
