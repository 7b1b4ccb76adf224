import { type Cancel, CLOSE, type TopicBus } from '../../../../realtime/index.js';
import { roomChannel } from '../../log/index.js';
import { HeadComparison } from './head-comparison.js';
import { type RoomMessage, RoomStream, type StreamServices } from './room-stream.js';

const RESUBSCRIBE_MS = 1000;
/** A room that nobody here is in is followed for this long, and for twice this at most. */
const IDLE_MS = 3000;

interface ActiveRoom {
  readonly stream: RoomStream;
  cancelBus?: Cancel;
  isStopped: boolean;
  /** Nobody listened at the last look; at the next one it goes. */
  isIdle: boolean;
}

export interface RoomStreamsServices extends Omit<StreamServices, 'onLost'> {
  readonly bus: TopicBus;
}

/** The rooms that are followed on this node: those with local subscribers, and for a few seconds those that had some. */
export class RoomStreams {
  private readonly rooms = new Map<string, ActiveRoom>();
  private readonly comparison: HeadComparison;
  private readonly cancelSweep: Cancel;

  constructor(private readonly services: RoomStreamsServices) {
    const { log, clock, onTrouble } = services;
    this.comparison = new HeadComparison(this, log, clock, (error) => onTrouble('*', error));
    this.cancelSweep = clock.every(IDLE_MS, () => this.sweep());
  }

  get size(): number {
    return this.rooms.size;
  }

  get(roomId: string): RoomStream | undefined {
    return this.rooms.get(roomId)?.stream;
  }

  roomIds(): Iterable<string> {
    return this.rooms.keys();
  }

  /** The room's stream; one that begins now begins after `position`. */
  activate(roomId: string, position: number): RoomStream {
    const room = this.rooms.get(roomId) ?? this.begin(roomId, position);
    room.isIdle = false;
    return room.stream;
  }

  /** Has every stream compared with its head in the log. */
  compareAll(): void {
    this.comparison.compareAll();
  }

  /** Forgets what was dropped from the low ends of these rooms' logs; undefined: of any room, it is not known what. */
  raiseFloors(floors: ReadonlyMap<string, number> | undefined): void {
    const { cache } = this.services;
    if (floors === undefined) return cache.clear();
    const raised = [...floors].filter(([roomId, floor]) => this.get(roomId)?.raiseFloor(floor));
    cache.forgetBelow(new Map(raised));
  }

  /** Ends all streams, whoever is subscribed to them. */
  endAll(): void {
    for (const roomId of this.rooms.keys()) this.end(roomId);
  }

  stop(): void {
    this.comparison.stop();
    this.cancelSweep();
    this.endAll();
  }

  private begin(roomId: string, position: number): ActiveRoom {
    const onLost = (lost: RoomStream) => this.lose(lost);
    const stream = new RoomStream(roomId, position, { ...this.services, onLost });
    const room: ActiveRoom = { stream, isStopped: false, isIdle: false };
    this.rooms.set(roomId, room);
    this.listen(room);
    return room;
  }

  private listen(room: ActiveRoom): void {
    const { stream } = room;
    const listener = (message: unknown) => stream.receive(message as RoomMessage);
    this.services.bus.subscribe(roomChannel(stream.roomId), listener).then(
      (cancel) => this.onListening(room, cancel),
      (error: unknown) => this.onDeaf(room, error),
    );
  }

  private onListening(room: ActiveRoom, cancel: Cancel): void {
    if (room.isStopped) return cancel();
    room.cancelBus = cancel;
    this.comparison.compareSoon(room.stream.roomId);
  }

  private onDeaf(room: ActiveRoom, error: unknown): void {
    this.services.onTrouble(room.stream.roomId, error);
    this.comparison.compareSoon(room.stream.roomId);
    this.services.clock.after(RESUBSCRIBE_MS, () => {
      if (!room.isStopped) this.listen(room);
    });
  }

  private sweep(): void {
    for (const [roomId, room] of this.rooms) {
      // What it has not reached yet may be somebody's joining.
      if (room.stream.topic.subscriberCount > 0 || room.stream.isBehind) room.isIdle = false;
      else if (room.isIdle) this.end(roomId);
      else room.isIdle = true;
    }
  }

  /** Whoever stands here missed events that are gone: their clients come back, and are told so by `room.sync`. */
  private lose({ roomId, topic }: RoomStream): void {
    for (const connection of topic.connections()) connection.close({ code: CLOSE.overload, reason: 'slow' });
    this.end(roomId);
  }

  private end(roomId: string): void {
    const room = this.rooms.get(roomId);
    if (room === undefined) return;
    this.rooms.delete(roomId);
    room.isStopped = true;
    room.stream.stop();
    room.cancelBus?.();
  }
}
