import type { Change, Stored } from '../../../src/features/chat/log/append/change.js';
import type { RoomEvent } from '../../../src/features/chat/records/index.js';
import type { Presence } from '../../../src/features/presence/state/index.js';
import { OutboundFrame, RealtimeError } from '../../../src/realtime/index.js';
import { StorageError } from '../../../src/storage/index.js';
import { RoomStanding, type MomentPush } from '../checks/room-standing.js';
import type { Send, Sends } from '../checks/sends.js';
import type { Chance } from '../../stream/chance.js';
import { SimulatedConnection } from './connection.js';
import { RoomCopies } from './room-copies.js';
import type { SimulatedNode } from './node.js';
import type { Tables } from './tables.js';
import type { SimulatedTime } from './time.js';

const GONE = { code: 1006, reason: '' };

/** What a device asked to see of others, on its present connection. */
interface Watching {
  readonly userIds: Set<string>;
  readonly roomIds: Set<string>;
  readonly shown: Map<string, string>;
}

/** One connection of a device. */
export interface Session {
  readonly node: SimulatedNode;
  readonly connection: SimulatedConnection;
  readonly rooms: Map<string, RoomStanding>;
  readonly watching: Watching;
  readyAtMs: number;
}

/** What a device meets: other than its nodes, the keepers of the records that are judged. */
interface DeviceSurroundings {
  readonly time: SimulatedTime;
  readonly chance: Chance;
  readonly tables: Tables;
  readonly sends: Sends;
  readonly presence: { onGone(userId: string, viewerId: string, session: Session): void };
  delivered: number;
  background(promise: Promise<unknown>): void;
}

/** A client: it keeps what it has of its rooms, and comes back to any node. */
export class Device {
  session: Session | undefined;
  readonly pending: Send[] = [];
  readonly copies = new RoomCopies();
  private connections = 0;

  constructor(
    readonly name: string,
    readonly userId: string,
    private readonly world: DeviceSurroundings,
  ) {}

  get isReady(): boolean {
    return this.session?.connection.isAttached === true;
  }

  connect(node: SimulatedNode): void {
    if (this.session !== undefined || !node.isAlive) return;
    const { chance } = this.world;
    const reading = chance.happens(30)
      ? { everyMs: 20 + chance.below(150), room: 2 + chance.below(3) }
      : FAST;
    this.connections += 1;
    const connection = new SimulatedConnection({
      id: `${this.name}.${this.connections}`,
      userId: this.userId,
      clock: node.clock,
      reading,
      onFrame: (frame) => this.onFrame(session, frame),
      onClose: () => this.leave(session),
    });
    const watching = {
      userIds: new Set<string>(),
      roomIds: new Set<string>(),
      shown: new Map<string, string>(),
    };
    const session: Session = { node, connection, rooms: new Map(), watching, readyAtMs: Infinity };
    this.session = session;
    const onReady = (heads: ReadonlyMap<string, number>): void => this.onReady(session, heads);
    this.world.background(node.open(connection, onReady).catch(() => this.leave(session)));
  }

  disconnect(): void {
    if (this.session !== undefined) this.leave(this.session);
  }

  send(roomId: string): void {
    if (!this.isReady) return;
    const send = this.world.sends.begin(roomId, this.userId);
    this.pending.push(send);
    this.attempt(send);
  }

  /** Sends again what has no answer, or what has one: both must be harmless. */
  resend(index: number): void {
    const send = this.pending[index % this.pending.length];
    if (send !== undefined && this.isReady) this.attempt(send);
  }

  resendUnanswered(): void {
    for (const send of this.pending) if (send.seqs.length === 0 && this.isReady) this.attempt(send);
  }

  /** Something else that is done to a room; whoever asks learns what became of it from the log. */
  change(change: Change): void {
    if (this.session === undefined || !this.isReady) return;
    this.world.background(this.session.node.writer.submit(change).committed.catch(() => undefined));
  }

  push(roomId: string): void {
    if (this.session === undefined || !this.isReady) return;
    const madeAt = this.world.tables.head(roomId);
    const pushed = this.session.node.pushes.state(roomId, 'room.typists', { roomId, madeAt });
    this.world.background(pushed.catch(() => undefined));
  }

  watch(what: { readonly userIds?: readonly string[]; readonly roomId?: string }): void {
    const { session } = this;
    if (session === undefined || !this.isReady) return;
    const { connection, node } = session;
    const asked = node.presence.watching.watch(connection, what);
    const answered = asked.then((presences) => {
      connection.pushFrame(new OutboundFrame('answer', { ...what, presences }));
    });
    this.world.background(answered.catch(() => undefined));
  }

  private attempt(send: Send): void {
    const { session } = this;
    if (session === undefined) return;
    const { sends } = this.world;
    const { roomId, clientId, text } = send;
    const attempt = sends.attempt(send, session.connection.id);
    const change: Change = {
      ...SEND,
      roomId,
      clientId,
      text,
      id: `id-${clientId}`,
      requestHash: text,
      actorId: this.userId,
    };
    const onStored = ({ message }: Stored): void => {
      if (this.session === session) sends.ack(send, attempt, message?.seq ?? 0);
    };
    const onDenied = (error: unknown): void => void (attempt.outcome = outcomeOf(error));
    this.world.background(session.node.writer.submit(change).committed.then(onStored, onDenied));
  }

  private leave(session: Session): void {
    if (this.session !== session) return;
    this.session = undefined;
    session.node.close(session.connection, GONE);
    this.copies.forgetReads();
  }

  private onReady(session: Session, heads: ReadonlyMap<string, number>): void {
    session.readyAtMs = this.world.time.monotonicMs();
    for (const [roomId, head] of heads) session.rooms.set(roomId, this.standing(session, roomId, head));
    this.world.background(this.copies.sync(session.node, () => this.session === session, heads));
  }

  private standing({ connection }: Session, roomId: string, position?: number): RoomStanding {
    const stored = (seq: number): RoomEvent | undefined => this.world.tables.events(roomId, seq - 1, seq)[0];
    return new RoomStanding({ connectionId: connection.id, userId: this.userId, roomId, stored }, position);
  }

  private onFrame(session: Session, { event, data }: OutboundFrame): void {
    this.world.delivered += 1;
    if (event === 'presence.changed') return this.show(session, data as Presence);
    if (event === 'answer') return this.onWatching(session, data as WatchAnswer);
    const { roomId = (data as { room: { id: string } }).room.id } = data as { roomId?: string };
    const standing = session.rooms.get(roomId) ?? this.standing(session, roomId);
    session.rooms.set(roomId, standing);
    this.onRoomFrame(session, standing, roomId, { event, data });
  }

  private onRoomFrame(
    session: Session,
    standing: RoomStanding,
    roomId: string,
    frame: { event: string; data: object },
  ): void {
    const { event, data } = frame;
    if (event === 'room.added') {
      const { head } = (data as { room: { head: number } }).room;
      standing.onAdded(head);
      this.copies.enter(roomId, head - 1);
    } else if (event === 'room.removed') {
      standing.onRemoved();
      this.copies.leave(roomId);
      session.watching.roomIds.delete(roomId);
    } else if (event === 'room.event') {
      standing.onEvent(data as RoomEvent);
      this.copies.take(roomId, (data as RoomEvent).seq);
    } else standing.onMoment(data as MomentPush);
  }

  private onWatching(session: Session, answer: WatchAnswer): void {
    const { watching, rooms } = session;
    for (const userId of answer.userIds ?? []) watching.userIds.add(userId);
    if (answer.roomId !== undefined && rooms.get(answer.roomId)?.position !== undefined)
      watching.roomIds.add(answer.roomId);
    for (const presence of answer.presences) this.show(session, presence);
  }

  private show(session: Session, { userId, status }: Presence): void {
    session.watching.shown.set(userId, status);
    if (status === 'offline') this.world.presence.onGone(userId, this.userId, session);
  }
}

interface WatchAnswer {
  readonly userIds?: readonly string[];
  readonly roomId?: string;
  readonly presences: readonly Presence[];
}

const FAST = { everyMs: 1, room: 100 };
const SEND = {
  change: 'send',
  replyTo: null,
  threadSeq: null,
  meta: null,
  attachmentIds: [],
  namedIds: [],
} as const;

function outcomeOf(error: unknown): 'refused' | 'failed' | 'unknown' {
  if (error instanceof RealtimeError) return 'refused';
  return error instanceof StorageError && error.outcome === 'not-stored' ? 'failed' : 'unknown';
}
