import { Inject, Injectable } from '@nestjs/common';
import { invalid, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { type Anchor, type HistoryPage, store as messagesStore } from './messages.store.js';

const DEFAULT_PAGE = 50;

export interface HistoryRequest {
  readonly roomId: string;
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  readonly threadSeq?: number;
  readonly limit?: number;
}

/** Shows a room's messages to its members. */
@Injectable()
export class MessagesService {
  constructor(
    @InjectStore(messagesStore) private readonly store: Store<typeof messagesStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  /** A stretch of the room's messages, oldest first; without an anchor the newest. */
  async history({ userId }: UserActor, request: HistoryRequest): Promise<HistoryPage> {
    const page = await this.store.history({
      roomId: request.roomId,
      userId,
      anchor: anchorOf(request),
      threadSeq: request.threadSeq ?? null,
      limit: request.limit ?? DEFAULT_PAGE,
      maxBytes: this.settings.maxAnswerBytes,
    });
    if (page === null) throw notFound('room');
    return page;
  }

  async get({ userId }: UserActor, roomId: string, seq: number) {
    const found = await this.store.get({ roomId, userId, seq });
    if (found === null) throw notFound('room');
    if (found.message === null) throw notFound('message');
    return found;
  }
}

function anchorOf({ before, after, around }: HistoryRequest): Anchor {
  const anchors = Object.entries({ before, after, around }).filter(([, seq]) => seq !== undefined);
  const [first, second] = anchors;
  if (second !== undefined) throw invalid(second[0], 'only one of before, after and around may be given');
  return first === undefined ? { at: 'end' } : ({ at: first[0], seq: first[1] } as Anchor);
}
