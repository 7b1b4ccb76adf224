import type { Connection } from '../../../realtime/index.js';

/** One connection's interest in one user. */
export interface Watch {
  readonly connection: Connection;
  readonly userId: string;
  /** The client asked for this user. */
  isNamed: boolean;
  /** The watched rooms that the user is in: while there is one, the two share a room. */
  readonly roomIds: Set<string>;
  /** Whether the connection's user might see the watched one when the store was asked last. */
  isAllowed: boolean;
  /** Counts what happened that may change this. */
  doubts: number;
  /** The count at which the store was asked: unless it is the count, it must be asked again before anything is shown. */
  settledDoubts: number;
  /** Requests that ask for it and have no reply yet. */
  openings: number;
  /** What the client was shown last, as JSON; undefined before the reply to the request that began the watch. */
  shown: string | undefined;
}

/** One connection's interest in whoever is a member of a room. */
export interface RoomWatch {
  /** Requests that ask for it and have no reply yet. */
  openings: number;
  /** Whether a reply has said that it began. */
  isConfirmed: boolean;
}

/** Which connection watches whom. Every connection's watches die with it. */
export class Watches {
  private readonly byConnection = new Map<Connection, Map<string, Watch>>();
  private readonly byUser = new Map<string, Set<Watch>>();
  private readonly byRoom = new Map<string, Map<Connection, RoomWatch>>();
  private readonly roomsOf = new Map<Connection, Set<string>>();

  /** `onWatched` is told of each user whose first watch begins, `onUnwatched` of each whose last one ends. */
  constructor(
    private readonly onWatched: (userId: string) => void,
    private readonly onUnwatched: (userId: string) => void,
  ) {}

  count(connection: Connection): number {
    return this.byConnection.get(connection)?.size ?? 0;
  }

  get(connection: Connection, userId: string): Watch | undefined {
    return this.byConnection.get(connection)?.get(userId);
  }

  of(connection: Connection): Watch[] {
    return [...(this.byConnection.get(connection)?.values() ?? [])];
  }

  on(userId: string): Iterable<Watch> {
    return this.byUser.get(userId) ?? [];
  }

  /** Everyone who is watched. */
  userIds(): string[] {
    return [...this.byUser.keys()];
  }

  /** Everyone who watches, each once. */
  viewerIds(): Set<string> {
    return new Set([...this.byConnection.keys()].map(({ principal }) => principal.userId));
  }

  isWatched(userId: string): boolean {
    return this.byUser.has(userId);
  }

  roomWatchers(roomId: string): Connection[] {
    return [...(this.byRoom.get(roomId)?.keys() ?? [])];
  }

  roomWatch(connection: Connection, roomId: string): RoomWatch | undefined {
    return this.byRoom.get(roomId)?.get(connection);
  }

  /** The connection's watch on the room, begun now if there is none. */
  watchRoom(connection: Connection, roomId: string): RoomWatch {
    const known = this.roomWatch(connection, roomId);
    if (known !== undefined) return known;
    const watch = { openings: 0, isConfirmed: false };
    const watchers = this.byRoom.get(roomId) ?? new Map<Connection, RoomWatch>();
    this.byRoom.set(roomId, watchers.set(connection, watch));
    const rooms = this.roomsOf.get(connection) ?? new Set();
    this.roomsOf.set(connection, rooms.add(roomId));
    return watch;
  }

  /** Ends a watch by room. It gives the watches on its members, of which some may not be wanted any more. */
  unwatchRoom(connection: Connection, roomId: string): Watch[] {
    const watchers = this.byRoom.get(roomId);
    watchers?.delete(connection);
    if (watchers?.size === 0) this.byRoom.delete(roomId);
    const rooms = this.roomsOf.get(connection);
    rooms?.delete(roomId);
    if (rooms?.size === 0) this.roomsOf.delete(connection);
    return this.of(connection).filter(({ roomIds }) => roomIds.delete(roomId));
  }

  /** The connection's watch on the user, begun now if there is none. */
  begin(connection: Connection, userId: string): Watch {
    const known = this.get(connection, userId);
    if (known !== undefined) return known;
    const watch = newWatch(connection, userId);
    const own = this.byConnection.get(connection) ?? new Map<string, Watch>();
    this.byConnection.set(connection, own.set(userId, watch));
    const watchers = this.byUser.get(userId);
    if (watchers !== undefined) watchers.add(watch);
    else {
      this.byUser.set(userId, new Set([watch]));
      this.onWatched(userId);
    }
    return watch;
  }

  /** Whether anything still asks for this watch. */
  isWanted({ isNamed, roomIds }: Watch): boolean {
    return isNamed || roomIds.size > 0;
  }

  end(watch: Watch): void {
    const own = this.byConnection.get(watch.connection);
    own?.delete(watch.userId);
    if (own?.size === 0) this.byConnection.delete(watch.connection);
    const watchers = this.byUser.get(watch.userId);
    if (watchers?.delete(watch) !== true || watchers.size > 0) return;
    this.byUser.delete(watch.userId);
    this.onUnwatched(watch.userId);
  }

  drop(connection: Connection): void {
    for (const roomId of this.roomsOf.get(connection) ?? []) this.unwatchRoom(connection, roomId);
    for (const watch of this.of(connection)) this.end(watch);
  }
}

export const isInDoubt = ({ doubts, settledDoubts }: Watch): boolean => doubts !== settledDoubts;

function newWatch(connection: Connection, userId: string): Watch {
  return {
    connection,
    userId,
    isNamed: false,
    roomIds: new Set(),
    isAllowed: false,
    doubts: 1,
    settledDoubts: 0,
    openings: 0,
    shown: undefined,
  };
}
