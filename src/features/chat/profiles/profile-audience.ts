import { Injectable } from '@nestjs/common';
import { type Connection, ConnectionRegistry } from '../../../realtime/index.js';
import { LogReader } from '../log/index.js';
import { RoomAccess } from '../rooms/index.js';
import { DeliveryService } from '../stream/index.js';

/** Users who are asked about at once. */
const MOST_ASKED = 1000;

/** Finds this node's connections of those who share a room with a user. */
@Injectable()
export class ProfileAudience {
  constructor(
    private readonly log: LogReader,
    private readonly access: RoomAccess,
    private readonly delivery: DeliveryService,
    private readonly connections: ConnectionRegistry,
  ) {}

  /**
   * The user's own connections too. It costs one read of the user's rooms, and one for each thousand users here who seem
   * to be in one of them. The store decides: who has left a room may still seem to be in it here.
   */
  async of(userId: string): Promise<Connection[]> {
    const viewerIds = [userId];
    const candidates = await this.candidates(userId);
    for (let start = 0; start < candidates.length; start += MOST_ASKED) {
      const some = candidates.slice(start, start + MOST_ASKED);
      viewerIds.push(...(await this.access.sharesRoom(userId, some)));
    }
    return viewerIds.flatMap((viewerId) => [...this.connections.ofUser(viewerId)]);
  }

  private async candidates(userId: string): Promise<string[]> {
    const { rooms } = await this.log.memberships(userId);
    const candidates = new Set<string>();
    for (const { roomId } of rooms) {
      for (const { principal } of this.delivery.connectionsIn(roomId)) candidates.add(principal.userId);
    }
    candidates.delete(userId);
    return [...candidates];
  }
}
