import { Inject, Injectable } from '@nestjs/common';
import { Cursors, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import type { PinsFrame } from './frames.js';
import { store as pinsStore } from './pins.store.js';

const DEFAULT_PAGE = 50;

const CURSORS = new Cursors<[number]>('message.pins', ['number']);

/** Shows what is pinned in a room. */
@Injectable()
export class PinsService {
  constructor(
    @InjectStore(pinsStore) private readonly store: Store<typeof pinsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  /** The pinned messages, the newest pin first; for members only. */
  async list({ userId }: UserActor, { roomId, cursor, limit = DEFAULT_PAGE }: PinsFrame) {
    const [before] = cursor === undefined ? [null] : CURSORS.read([roomId], cursor);
    const { maxAnswerBytes: maxBytes } = this.settings;
    const page = await this.store.page({ roomId, userId, before, limit, maxBytes });
    if (page === null) throw notFound('room');
    const { messages, head, next } = page;
    return { messages, head, nextCursor: next === null ? null : CURSORS.write([roomId], [next]) };
  }
}
