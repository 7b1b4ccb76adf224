import { Injectable } from '@nestjs/common';
import { ConnectionRegistry, OutboundFrame } from '../../../realtime/index.js';

/** How far a user has read a room or a thread, as `room.self` tells the user's other devices. */
export interface OwnPosition {
  readonly roomId: string;
  /** The thread; absent: the room. */
  readonly threadSeq?: number;
  readonly readSeq: number;
  readonly unread: number;
  readonly mentions: number;
  readonly muted: boolean | string;
}

/** Tells a user's own connections what one of them did. */
@Injectable()
export class OwnPushes {
  constructor(private readonly connections: ConnectionRegistry) {}

  /** Pushes `room.self` to this user's connections; a slow one gets the last of each room and thread. */
  position(userId: string, position: OwnPosition): void {
    const frame = new OutboundFrame('room.self', position);
    const key = `room.self ${position.roomId} ${position.threadSeq ?? ''}`;
    for (const connection of this.connections.ofUser(userId)) {
      connection.pushState(key, frame);
    }
  }
}
