import { Injectable, Logger } from '@nestjs/common';
import { ConnectionRegistry } from '../../../realtime/index.js';
import { LogReader } from '../log/index.js';
import { OwnPushes } from '../rooms/index.js';

/** Tells the other devices of one who sends where their user stands now: sending moves the own position. */
@Injectable()
export class SenderPositions {
  private readonly logger = new Logger(SenderPositions.name);
  /** Positions being read, and whether they have moved since: none may overtake another. */
  private readonly running = new Map<string, { hasMoved: boolean }>();

  constructor(
    private readonly connections: ConnectionRegistry,
    private readonly reader: LogReader,
    private readonly own: OwnPushes,
  ) {}

  /** Pushes `room.self`, once the position is read; for one with a single connection there is nobody to tell. */
  tell(userId: string, roomId: string): void {
    if (this.connections.ofUser(userId).size < 2) return;
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
    this.own.position(userId, { roomId, readSeq, unread, mentions, muted });
  }
}
