import type { RoomEvent } from '../../src/features/chat/log/index.js';
import type { Client, DeliveryWorld } from './delivery-world.js';

interface Frame {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** What one connection has been told of one room, held against what section 6 of the contract promises. */
class RoomHistory {
  /** The last `seq`; undefined while the room is not the client's. */
  position: number | undefined;
  private hasJoinDue = false;
  private isRemovalDue = false;

  constructor(
    private readonly world: DeliveryWorld,
    private readonly client: Client,
    private readonly roomId: string,
    head: number | undefined,
  ) {
    this.position = head;
  }

  onFrame({ event, data }: Frame): void {
    if (event === 'room.added') this.onAdded(data['room'] as { head: number });
    else if (event === 'room.removed') this.onRemoved(data['reason']);
    else if (event === 'room.event') this.onEvent(data as unknown as RoomEvent);
    else if (this.position === undefined || this.isRemovalDue) this.fail(`${event} after the removal`);
  }

  private onAdded({ head }: { head: number }): void {
    if (this.position !== undefined) this.fail('added twice');
    this.position = head - 1;
    this.hasJoinDue = true;
  }

  private onRemoved(reason: unknown): void {
    if (!this.isRemovalDue) this.fail('removed without the own leave');
    const left = this.world.log.all(this.roomId)[(this.position ?? 0) - 1];
    const isVoluntary = left?.type === 'members.changed' || left?.actorId === this.client.connection.userId;
    const expected = isVoluntary ? 'left' : 'removed';
    if (reason !== expected) this.fail(`reason ${String(reason)} instead of ${expected}`);
    this.isRemovalDue = false;
    this.position = undefined;
  }

  private onEvent(event: RoomEvent): void {
    this.checkPlace(event);
    const { userId } = this.client.connection;
    if (this.hasJoinDue && !comersOf(event).includes(userId)) this.fail('the own join is not first');
    this.hasJoinDue = false;
    this.position = event.seq;
    this.isRemovalDue = goersOf(event).includes(userId);
  }

  private checkPlace(event: RoomEvent): void {
    const { position } = this;
    if (position === undefined || this.isRemovalDue)
      this.fail(`event ${event.seq} of a room that is not theirs`);
    if (event.seq !== position + 1) this.fail(`event ${event.seq} after ${position}`);
    const stored = this.world.log.all(this.roomId)[event.seq - 1];
    if (JSON.stringify(stored) !== JSON.stringify(event))
      this.fail(`event ${event.seq} differs from the log`);
  }

  private fail(message: string): never {
    throw new Error(
      `${this.client.connection.id} (${this.client.connection.userId}) ${this.roomId}: ${message}`,
    );
  }
}

/** Whom the event says to have come, alone or together with others. */
function comersOf({ type, ...event }: RoomEvent): unknown[] {
  return type === 'member.joined' ? [event['userId']] : ((event['joined'] ?? []) as unknown[]);
}

/** Whom it says to have gone. */
function goersOf({ type, ...event }: RoomEvent): unknown[] {
  return type === 'member.left' ? [event['userId']] : ((event['left'] ?? []) as unknown[]);
}

/** Throws at the first frame that breaks a promise; otherwise gives the last `seq` of each room the client is in. */
export function replay(world: DeliveryWorld, client: Client): Map<string, number> {
  const rooms = new Map<string, RoomHistory>();
  for (const { event, data } of client.connection.received as unknown as Frame[]) {
    const { roomId = (data['room'] as { id: string }).id } = data as { roomId?: string };
    const history = rooms.get(roomId) ?? new RoomHistory(world, client, roomId, client.heads?.get(roomId));
    rooms.set(roomId, history);
    history.onFrame({ event, data });
  }
  const positions = new Map(client.heads);
  for (const [roomId, { position }] of rooms) {
    if (position === undefined) positions.delete(roomId);
    else positions.set(roomId, position);
  }
  return positions;
}

/** What a connection that is still there must have been told by now. */
export function due(world: DeliveryWorld, client: Client): Map<string, number> {
  const roomIds = world.log.roomsOf(client.connection.userId);
  return new Map(roomIds.map((roomId) => [roomId, world.log.all(roomId).length]));
}
