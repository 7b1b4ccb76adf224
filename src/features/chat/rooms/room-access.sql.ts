import { Injectable } from '@nestjs/common';
import { type Actor, forbidden, notFound } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { hasRank, type RoomFacts, type RoomRole } from '../records/index.js';
import { RoomAccess } from './room-access.js';
import { store as roomsStore } from './rooms.store.js';

/** Asks the database. */
@Injectable()
export class SqlRoomAccess extends RoomAccess {
  constructor(@InjectStore(roomsStore) private readonly store: Store<typeof roomsStore>) {
    super();
  }

  async require(actor: Actor, roomId: string, role: RoomRole = 'member'): Promise<RoomFacts> {
    const rank = await this.store.rank({ roomId, userId: actor.userId });
    if (rank === null) throw notFound('room');
    if (actor.kind === 'service') return rank.facts;
    if (rank.role === null) throw notFound('room');
    if (!hasRank(rank.role, role)) throw forbidden(`only an ${role} can do this`);
    return rank.facts;
  }

  async sharesRoom(userId: string, otherIds: readonly string[]): Promise<Set<string>> {
    const sharing = new Set(await this.store.sharing({ userId, otherIds }));
    if (otherIds.includes(userId)) sharing.add(userId);
    return sharing;
  }

  async memberIds(roomId: string, limit: number = Number.MAX_SAFE_INTEGER): Promise<string[]> {
    return await this.store.memberIds({ roomId, limit });
  }
}
