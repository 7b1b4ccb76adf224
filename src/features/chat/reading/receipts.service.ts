import { Injectable } from '@nestjs/common';
import { Cursors, type ListFields, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { ReadPositions } from '../log/index.js';
import type { ReceiptsFrame } from './frames.js';
import { type ReaderPlace, store as receiptsStore } from './receipts.store.js';

/** Readers in one answer: some 4 KiB. */
const PAGE = 100;

const CURSORS = new Cursors<[number, string]>('message.receipts', ['number', 'string']);

/** Shows who has read a message. */
@Injectable()
export class ReceiptsService {
  constructor(
    @InjectStore(receiptsStore) private readonly store: Store<typeof receiptsStore>,
    private readonly positions: ReadPositions,
  ) {}

  /** The longest-standing members first. What was read on this node a moment ago is written first. */
  async of({ userId }: UserActor, { roomId, seq, cursor }: ReceiptsFrame) {
    const place = cursor === undefined ? null : placeOf([roomId, seq], cursor);
    if (this.positions.isAheadIn(roomId)) await this.positions.flush();
    const receipts = await this.store.of({ roomId, userId, seq, place, limit: PAGE });
    if (receipts === null) throw notFound('room');
    if (receipts === 'no message') throw notFound('message');
    const { count, readers } = receipts;
    const last = readers[PAGE - 1];
    return {
      count,
      readBy: readers.slice(0, PAGE).map((reader) => reader.userId),
      nextCursor:
        readers.length > PAGE && last ? CURSORS.write([roomId, seq], [last.joinedSeq, last.userId]) : null,
    };
  }
}

function placeOf(list: ListFields, cursor: string): ReaderPlace {
  const [joinedSeq, userId] = CURSORS.read(list, cursor);
  return { joinedSeq, userId };
}
