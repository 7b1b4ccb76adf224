import { Injectable, Logger } from '@nestjs/common';
import { InjectStore, type Store } from '../../../storage/index.js';
import { RoomPushes } from '../rooms/index.js';
import { store as typingStore } from './typing.store.js';

/** Pushes the list of a room's typists, one at a time, so that none overtakes another; changes meanwhile make one more. */
@Injectable()
export class TypistPushes {
  private readonly logger = new Logger(TypistPushes.name);
  /** Rooms whose list is on its way, and whether it has changed since. */
  private readonly running = new Map<string, { hasChanged: boolean }>();

  constructor(
    @InjectStore(typingStore) private readonly store: Store<typeof typingStore>,
    private readonly pushes: RoomPushes,
  ) {}

  /** Pushes what `typists` gives at the time. */
  announce(roomId: string, typists: () => readonly string[]): void {
    const run = this.running.get(roomId);
    if (run) run.hasChanged = true;
    else void this.pushAll(roomId, typists);
  }

  private async pushAll(roomId: string, typists: () => readonly string[]): Promise<void> {
    const run = { hasChanged: true };
    this.running.set(roomId, run);
    try {
      while (run.hasChanged) {
        run.hasChanged = false;
        await this.push(roomId, typists());
      }
    } catch (err) {
      this.logger.warn({ roomId, err }, 'typists could not be pushed');
    } finally {
      this.running.delete(roomId);
    }
  }

  /** The store says who is still a member: one may have been removed while their request was under way. */
  private async push(roomId: string, typists: readonly string[]): Promise<void> {
    const userIds = await this.store.members({ roomId, userIds: typists });
    await this.pushes.state(roomId, 'room.typists', { roomId, userIds });
  }
}
