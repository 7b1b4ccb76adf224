import { Injectable } from '@nestjs/common';
import { TopicBus } from '../../../realtime/index.js';
import { roomChannel } from '../log/index.js';
import { RoomPushes, type RoomStatePush } from '../rooms/index.js';
import { CurrentHeads } from './signals/index.js';

/** Sends state pushes over the rooms' bus channels: every node gives them to its own connections. */
@Injectable()
export class BusRoomPushes extends RoomPushes {
  constructor(
    private readonly bus: TopicBus,
    private readonly heads: CurrentHeads,
  ) {
    super();
  }

  /** The head is the store's, not this node's: a removal that was acknowledged on another node lies before it. */
  async state(roomId: string, event: string, data: object, key: string = event): Promise<void> {
    const head = await this.heads.of(roomId);
    if (head === undefined) return;
    const push: RoomStatePush = { state: { event, data, key, head } };
    this.bus.publish(roomChannel(roomId), push);
  }
}
