import { Injectable } from '@nestjs/common';
import { Blocks } from '../auth/index.js';
import { RoomAccess } from '../chat/index.js';

/**
 * Says who may see whose presence: those who share a room with the user, unless the user has blocked them. An answer is
 * true at the moment it was read.
 */
@Injectable()
export class Visibility {
  constructor(
    private readonly access: RoomAccess,
    private readonly blocks: Blocks,
  ) {}

  /** Those of the users whom the viewer may see. */
  async visibleTo(viewerId: string, userIds: readonly string[]): Promise<Set<string>> {
    const visible = await this.access.sharesRoom(viewerId, userIds);
    const pairs = [...visible].map((userId) => ({ blockerId: userId, blockedId: viewerId }));
    for (const { blockerId } of await this.blocks.among(pairs)) visible.delete(blockerId);
    return visible;
  }

  /** Those of the viewers who may see the user. */
  async viewersOf(userId: string, viewerIds: readonly string[]): Promise<Set<string>> {
    const viewers = await this.access.sharesRoom(userId, viewerIds);
    const pairs = [...viewers].map((viewerId) => ({ blockerId: userId, blockedId: viewerId }));
    for (const { blockedId } of await this.blocks.among(pairs)) viewers.delete(blockedId);
    return viewers;
  }
}
