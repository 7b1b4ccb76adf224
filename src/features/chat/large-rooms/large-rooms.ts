import { Inject, Injectable } from '@nestjs/common';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { isLargeRoom, type RoomSizes } from '../room-sizes.js';

/** What large rooms were spared since the start of this node; each number only rises. */
export interface Spared {
  /** `members.changed` events, and the joins and leaves that they told of. */
  gatherings: number;
  gatheredMembers: number;
  /** Reads that nobody else was told of. */
  receipts: number;
  /** Lists of typists that were cut short. */
  typistLists: number;
}

/** Knows which rooms are large, and counts what they are spared, for whoever shows it. */
@Injectable()
export class LargeRooms {
  readonly sizes: RoomSizes;
  private readonly counts: Spared = { gatherings: 0, gatheredMembers: 0, receipts: 0, typistLists: 0 };

  constructor(@Inject(CHAT_SETTINGS) { rooms }: Pick<ChatSettings, 'rooms'>) {
    this.sizes = rooms;
  }

  /** Whether a room of so many members is large. */
  has(memberCount: number): boolean {
    return isLargeRoom(memberCount, this.sizes);
  }

  /** Counts what a large room was spared. */
  spare(what: keyof Spared, times = 1): void {
    this.counts[what] += times;
  }

  /** The counts of this moment. */
  get spared(): Readonly<Spared> {
    return { ...this.counts };
  }
}
