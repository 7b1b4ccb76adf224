import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { LargeRooms } from '../large-rooms/index.js';
import { DeliveryService } from '../stream/index.js';
import { store as typingStore } from './typing.store.js';

/** A list goes to every member: the more there are, the longer it is until the next, so that the sum stays the same. */
const PAUSE_MS_PER_MEMBER = 3;
/** A large room hears no more often than this either. */
const LONGEST_PAUSE_MS = 3000;
/** Large rooms are told of so many, those who began first. */
const MOST_IN_LARGE_ROOMS = 5;

/** A room whose list was just pushed, or is on its way. */
interface Run {
  /** Whether the list is another one since. */
  hasChanged: boolean;
  cancelPause: Cancel;
}

/** Pushes the list of a room's typists to this node's connections, one at a time, so that none overtakes another; changes meanwhile make one more. */
@Injectable()
export class TypistPushes implements OnApplicationShutdown {
  private readonly logger = new Logger(TypistPushes.name);
  private readonly runs = new Map<string, Run>();

  constructor(
    @InjectStore(typingStore) private readonly store: Store<typeof typingStore>,
    private readonly delivery: DeliveryService,
    private readonly clock: Clock,
    private readonly largeRooms: LargeRooms,
  ) {}

  onApplicationShutdown(): void {
    for (const { cancelPause } of this.runs.values()) cancelPause();
    this.runs.clear();
  }

  /** Pushes what `typists` gives at the time: at once, or when the pause after the last push is over. */
  announce(roomId: string, typists: () => readonly string[]): void {
    const run = this.runs.get(roomId);
    if (run) run.hasChanged = true;
    else void this.run(roomId, typists);
  }

  private async run(roomId: string, typists: () => readonly string[]): Promise<void> {
    const run: Run = { hasChanged: false, cancelPause: () => undefined };
    this.runs.set(roomId, run);
    const pauseMs = await this.push(roomId, typists());
    if (this.runs.get(roomId) !== run) return;
    run.cancelPause = this.clock.after(pauseMs, () => {
      this.runs.delete(roomId);
      if (run.hasChanged) void this.run(roomId, typists);
    });
  }

  /**
   * Gives how long the room is left alone afterwards. The store says who is still a member, since one may have been removed
   * while their request was under way, and where the room is: whoever was removed before that is told nothing of it.
   */
  private async push(roomId: string, typists: readonly string[]): Promise<number> {
    if (!this.delivery.hasAudience(roomId)) return 0;
    try {
      const { userIds, memberCount, head } = await this.store.members({ roomId, userIds: typists });
      const isLarge = this.largeRooms.has(memberCount);
      const told = isLarge ? userIds.slice(0, MOST_IN_LARGE_ROOMS) : userIds;
      if (told.length < userIds.length) this.largeRooms.spare('typistLists');
      const data = { roomId, userIds: told };
      this.delivery.pushHere(roomId, { event: 'room.typists', key: 'room.typists', data, head });
      return isLarge ? LONGEST_PAUSE_MS : Math.min(memberCount * PAUSE_MS_PER_MEMBER, LONGEST_PAUSE_MS);
    } catch (err) {
      this.logger.warn({ roomId, err }, 'typists could not be pushed');
      return 0;
    }
  }
}
