import type {
  Cancel,
  CloseReason,
  Connection,
  OutboundFrame,
  ReadyFields,
  TopicBus,
} from '../../../realtime/index.js';
import { type LogReader, type MembershipChanged, userChannel } from '../log/index.js';
import type { OwnPositionMoved } from '../rooms/index.js';
import { AttachedConnection, type AttachingConnection, LocalUser } from './local-users.js';
import type { MembershipFollower } from './membership-follower.js';
import { REORDER_MS } from './room/index.js';
import type { RoomStreams } from './room/index.js';

type UserMessage = MembershipChanged | OwnPositionMoved;

interface ListeningUser {
  readonly user: LocalUser;
  /** Resolves when the user's channel is heard. */
  readonly cancelBus: Promise<Cancel>;
}

export interface AttachmentServices {
  readonly log: LogReader;
  readonly bus: TopicBus;
  readonly streams: RoomStreams;
  readonly follower: MembershipFollower;
  /** Told where the user stands now, by whichever node. */
  readonly onPosition?: (user: LocalUser, moved: OwnPositionMoved) => void;
}

/**
 * Puts each connection into its user's rooms. What is pushed begins right after the heads that `ready` was read at:
 * the user's channel is heard before that read, and what the streams reach between the read and `ready` is kept.
 */
export class StreamAttachment {
  private readonly users = new Map<string, ListeningUser>();

  constructor(private readonly services: AttachmentServices) {}

  user(userId: string): LocalUser | undefined {
    return this.users.get(userId)?.user;
  }

  *all(): Iterable<LocalUser> {
    for (const { user } of this.users.values()) yield user;
  }

  async attach(connection: Connection): Promise<ReadyFields> {
    const { userId } = connection.principal;
    const { user, cancelBus } = this.users.get(userId) ?? this.enter(userId);
    const attaching: AttachingConnection = { changes: [] };
    user.beginAttaching(connection, attaching);
    await cancelBus;
    attaching.memberships = await this.services.log.memberships(userId);
    return { epoch: attaching.memberships.epoch };
  }

  attached(connection: Connection): void {
    const user = this.user(connection.principal.userId);
    const attaching = user?.attaching.get(connection);
    if (user === undefined || attaching?.memberships === undefined) return;
    user.endAttaching(connection);
    user.attached.set(connection, new AttachedConnection());
    const { follower } = this.services;
    for (const { roomId, head } of attaching.memberships.rooms)
      follower.enter(user, connection, roomId, head);
    for (const change of attaching.changes) follower.apply(user, change, [connection]);
  }

  detached(connection: Connection, _close: CloseReason): void {
    const { userId } = connection.principal;
    const user = this.user(userId);
    if (user === undefined) return;
    for (const roomId of user.attached.get(connection)?.rooms.keys() ?? []) {
      this.services.streams.get(roomId)?.topic.drop(connection);
    }
    user.endAttaching(connection);
    user.attached.delete(connection);
    if (user.isGone) this.leave(userId);
  }

  /**
   * Pushes a state of a room to the user's connections that are in it, and to those on their way there once they are. A
   * client whose connection is not ready yet asks for it afterwards.
   */
  pushState(userId: string, roomId: string, key: string, frame: OutboundFrame): void {
    const topic = this.services.streams.get(roomId)?.topic;
    for (const [connection, place] of this.user(userId)?.attached ?? []) {
      if (place.rooms.has(roomId)) topic?.sendState(connection, key, frame);
      else place.hold(roomId, key, frame);
    }
  }

  private enter(userId: string): ListeningUser {
    const listener = (message: unknown) => this.receive(entered.user, message as UserMessage);
    const entered: ListeningUser = {
      user: new LocalUser(userId),
      cancelBus: this.services.bus.subscribe(userChannel(userId), listener),
    };
    this.users.set(userId, entered);
    return entered;
  }

  private leave(userId: string): void {
    const left = this.users.get(userId);
    this.users.delete(userId);
    left?.cancelBus.then(
      (cancel) => cancel(),
      () => undefined,
    );
  }

  /**
   * Follows the user into or out of a room by the event that says so. The room may not be followed here yet, or only since a
   * later event: what is missed is read from the log.
   */
  follow(user: LocalUser, roomId: string, seq: number): void {
    const { streams, follower } = this.services;
    const known = streams.get(roomId);
    if (known === undefined) streams.activate(roomId, seq - 1).expect(seq);
    else if (seq > known.start) known.expect(seq, REORDER_MS);
    else follower.followPast(user, roomId, seq, known.position);
  }

  private receive(user: LocalUser, message: UserMessage): void {
    if (message.type === 'membership') this.follow(user, message.roomId, message.seq);
    else if (message.type === 'position') this.services.onPosition?.(user, message);
  }
}
