import { Inject, Injectable } from '@nestjs/common';
import { Cursors, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { ReadPositions, type RoomFacts, type RoomView } from '../log/index.js';
import { DEFAULT_PAGE, type Page } from './page.js';
import { type RoomListPlace, store as roomsStore } from './rooms.store.js';

const CURSORS = new Cursors<[number, number, string]>('room.list', ['number', 'number', 'string']);

/** Shows users their rooms. */
@Injectable()
export class RoomListsService {
  constructor(
    @InjectStore(roomsStore) private readonly store: Store<typeof roomsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly positions: ReadPositions,
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
      place: cursor === undefined ? null : placeOf(cursor),
      limit,
      maxBytes: this.settings.maxAnswerBytes,
    });
    return { rooms, nextCursor: next && CURSORS.write([], [next.asOf, next.activeAt, next.roomId]) };
  }
}

function placeOf(cursor: string): RoomListPlace {
  const [asOf, activeAt, roomId] = CURSORS.read([], cursor);
  return { asOf, activeAt, roomId };
}
