import { Injectable } from '@nestjs/common';
import { newId, TopicBus } from '../../../realtime/index.js';
import { userChannel } from '../log/index.js';

/** How far a user has read a room or a thread, as `room.self` tells the user's devices. */
export interface OwnPosition {
  readonly roomId: string;
  /** The thread; absent: the room. */
  readonly threadSeq?: number;
  readonly readSeq: number;
  readonly unread: number;
  readonly mentions: number;
  readonly muted: boolean | string;
}

/** What the bus carries on a user's channel when the user has read on or muted a room. */
export interface OwnPositionMoved {
  readonly type: 'position';
  readonly position: OwnPosition;
  /** The node that says so. */
  readonly from: string;
  /** Whether the store will have the position only soon. */
  readonly isAhead: boolean;
}

/** Tells a user's own connections, on every node, what one of them did. */
@Injectable()
export class OwnPushes {
  /** Names this node in what it says. */
  readonly node = newId();

  constructor(private readonly bus: TopicBus) {}

  /** Pushes `room.self` to this user's connections; a slow one gets the last of each room and thread. */
  position(userId: string, position: OwnPosition, isAhead = false): void {
    const { node: from } = this;
    const moved: OwnPositionMoved = { type: 'position', position, from, isAhead };
    this.bus.publish(userChannel(userId), moved);
  }
}
