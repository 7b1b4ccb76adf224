import { Injectable } from '@nestjs/common';
import { invalid, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { ReadPositions } from '../log/index.js';
import { OwnPushes } from '../rooms/index.js';
import { ReceiptPushes } from './receipt-pushes.js';
import { type ReadResult, store as readsStore } from './reads.store.js';

/** Keeps how far users have read, and tells those whom it concerns. */
@Injectable()
export class ReadsService {
  constructor(
    @InjectStore(readsStore) private readonly store: Store<typeof readsStore>,
    private readonly positions: ReadPositions,
    private readonly own: OwnPushes,
    private readonly receipts: ReceiptPushes,
  ) {}

  /** Moves the caller's position in the room forward, at most to the head, and never back. */
  async room({ userId }: UserActor, roomId: string, seq: number) {
    const ahead = this.positions.of(userId);
    const result = await this.store.room({ roomId, userId, seq, ahead });
    if (result === null) throw notFound('room');
    if (result.hasMoved) {
      this.positions.advance({ roomId, userId, seq: result.readSeq });
      this.receipts.add(roomId, result.memberCount, { userId, readSeq: result.readSeq });
    }
    return this.answer(userId, { roomId }, result);
  }

  /** The same in a thread, which has a position of its own; others are not told of it. */
  async thread({ userId }: UserActor, roomId: string, threadSeq: number, seq: number) {
    const ahead = this.positions.of(userId);
    const threadAhead = this.positions.inThread(userId, roomId, threadSeq);
    const result = await this.store.thread({ roomId, userId, threadSeq, seq, ahead, threadAhead });
    if (result === null) throw notFound('room');
    if (result === 'no thread') throw invalid('threadSeq', 'must name a message outside of threads');
    if (result.hasMoved) this.positions.advance({ roomId, userId, threadSeq, seq: result.readSeq });
    return this.answer(userId, { roomId, threadSeq }, result);
  }

  private answer(
    userId: string,
    place: { readonly roomId: string; readonly threadSeq?: number },
    { readSeq, unread, mentions, muted, hasMoved }: ReadResult,
  ) {
    if (hasMoved) this.own.position(userId, { ...place, readSeq, unread, mentions, muted }, true);
    return { readSeq, unread, mentions };
  }
}
