import { Inject, Injectable } from '@nestjs/common';
import { Clock, Cursors, invalid, notFound, type UserActor } from '../../../../realtime/index.js';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../../chat.settings.js';
import { ReadPositions, type RoomFacts, type RoomView } from '../../log/index.js';
import { decodeOrder, encodeOrder, orderFrom, type RoomOrder } from '../../records/index.js';
import { DEFAULT_PAGE, type Page } from '../page.js';
import { store as roomsStore } from '../rooms.store.js';

const CURSORS = new Cursors<[string]>('room.list', ['string']);

/** Shows users their rooms. */
@Injectable()
export class RoomListsService {
  constructor(
    @InjectStore(roomsStore) private readonly store: Store<typeof roomsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'maxAnswerBytes'>,
    private readonly positions: ReadPositions,
    private readonly clock: Clock,
  ) {}

  /** The room as the caller may see it. */
  async get({ userId }: UserActor, roomId: string): Promise<RoomView | RoomFacts> {
    const room = await this.store.visible({ roomId, userId, ahead: this.positions.of(userId) });
    if (room === null) throw notFound('room');
    return room;
  }

  /** The caller's rooms, last active first. */
  async list({ userId }: UserActor, { cursor, limit = DEFAULT_PAGE }: Page) {
    const { rooms, next } = await this.store.list({
      userId,
      ahead: this.positions.of(userId),
      order: cursor === undefined ? orderFrom(this.clock.now()) : orderOf(cursor),
      limit,
      maxBytes: this.settings.maxAnswerBytes,
    });
    return { rooms, nextCursor: next && CURSORS.write([], [encodeOrder(next)]) };
  }
}

function orderOf(cursor: string): RoomOrder {
  const order = decodeOrder(...CURSORS.read([], cursor));
  if (order === undefined) throw invalid('cursor', 'must be a nextCursor of the same request');
  return order;
}
