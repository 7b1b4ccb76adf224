import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, ConnectionRegistry, TopicBus } from '../../../realtime/index.js';
import { LogReader, type MessageView, type RoomEvent } from '../log/index.js';
import { DeliveredEvents, DeliveryService, OwnPositions } from '../stream/index.js';

/**
 * Tells the other devices of one who sends where their user stands now: sending moves the own position. Each of several nodes
 * tells those that are connected to it, once per message: when it has delivered the message, whoever has stored it.
 */
@Injectable()
export class SenderPositions implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(SenderPositions.name);
  /** Positions being read, and whether they have moved since: none may overtake another. */
  private readonly running = new Map<string, { hasMoved: boolean }>();
  /** The messages that this node is storing. */
  private readonly sending = new Set<string>();
  private cancel: Cancel | undefined;

  // eslint-disable-next-line max-params -- Nest gives a provider its dependencies one by one
  constructor(
    private readonly connections: ConnectionRegistry,
    private readonly reader: LogReader,
    private readonly own: OwnPositions,
    private readonly events: DeliveredEvents,
    private readonly delivery: DeliveryService,
    private readonly bus: TopicBus,
  ) {}

  onModuleInit(): void {
    if (this.bus.isShared) this.cancel = this.events.observe((event) => this.onEvent(event));
  }

  onApplicationShutdown(): void {
    this.cancel?.();
  }

  /** Takes note that this node stores the message; ended by what it gives. */
  begin(userId: string, roomId: string, clientId: string): Cancel {
    const key = `${userId} ${roomId} ${clientId}`;
    this.sending.add(key);
    return () => void this.sending.delete(key);
  }

  /** For a message that this node has stored: pushes `room.self`, once the position is read. */
  tell(userId: string, roomId: string): void {
    if (!this.bus.isShared && this.hasMore(userId, 1)) this.tellAll(userId, roomId);
  }

  private onEvent({ type, roomId, message }: RoomEvent): void {
    if (type !== 'message') return;
    const { senderId, clientId } = message as MessageView;
    // The connection that sends has the answer.
    const answered = this.sending.has(`${senderId} ${roomId} ${clientId}`) ? 1 : 0;
    if (this.hasMore(senderId, answered)) this.tellAll(senderId, roomId);
  }

  private hasMore(userId: string, connections: number): boolean {
    return this.connections.ofUser(userId).size > connections;
  }

  private tellAll(userId: string, roomId: string): void {
    const run = this.running.get(`${userId} ${roomId}`);
    if (run) run.hasMoved = true;
    else void this.pushAll(userId, roomId);
  }

  private async pushAll(userId: string, roomId: string): Promise<void> {
    const run = { hasMoved: true };
    this.running.set(`${userId} ${roomId}`, run);
    try {
      while (run.hasMoved) {
        run.hasMoved = false;
        await this.push(userId, roomId);
      }
    } catch (err) {
      this.logger.warn({ roomId, err }, 'a position could not be pushed');
    } finally {
      this.running.delete(`${userId} ${roomId}`);
    }
  }

  private async push(userId: string, roomId: string): Promise<void> {
    const view = await this.reader.roomView(roomId, userId);
    if (!view) return;
    const { readSeq, unread, mentions, muted } = view;
    // The user may have been removed while the store was asked.
    this.own.push(userId, { roomId, readSeq, unread, mentions, muted }, (key, frame) =>
      this.delivery.pushTo(userId, roomId, key, frame),
    );
  }
}
