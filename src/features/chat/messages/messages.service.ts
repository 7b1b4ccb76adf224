import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Appending, Clock, invalid, newId, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { Users } from '../../auth/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { LogWriter, type MessageView, ReadPositions } from '../log/index.js';
import { OwnPushes } from '../rooms/index.js';
import { type Anchor, type HistoryPage, store as messagesStore } from './messages.store.js';
import { namesIn } from './named-users.js';

const DEFAULT_PAGE = 50;

export interface Sending {
  readonly roomId: string;
  readonly text: string;
  readonly clientId: string;
  readonly replyTo?: number;
  readonly threadSeq?: number;
  readonly meta?: object;
}

export interface Sent {
  readonly message: MessageView;
  /** True when an earlier send with this `clientId` had stored it. */
  readonly duplicate: boolean;
}

export interface HistoryRequest {
  readonly roomId: string;
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  readonly threadSeq?: number;
  readonly limit?: number;
}

/** Sends messages, and shows them again. */
@Injectable()
export class MessagesService {
  constructor(
    @InjectStore(messagesStore) private readonly store: Store<typeof messagesStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly log: LogWriter,
    private readonly positions: ReadPositions,
    private readonly pushes: OwnPushes,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Takes the message into the order of its room. The reply comes when it is stored. */
  async send({ userId }: UserActor, sending: Sending): Promise<Appending<Sent>> {
    const namedIds = await this.namedIn(sending.text);
    const { admitted, committed } = this.log.submit({
      change: 'send',
      roomId: sending.roomId,
      actorId: userId,
      id: newId(this.clock.now()),
      clientId: sending.clientId,
      requestHash: hashOf(sending),
      text: sending.text,
      replyTo: sending.replyTo ?? null,
      threadSeq: sending.threadSeq ?? null,
      meta: sending.meta === undefined ? null : JSON.stringify(sending.meta),
      namedIds,
    });
    const reply = committed.then(({ message, duplicate }) => {
      if (!message) throw new Error('a message was stored without its view');
      return { message, duplicate };
    });
    return new Appending(admitted, reply);
  }

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

  /** Moves the caller's read position forward, at most to the head, and never back. */
  async read({ userId }: UserActor, roomId: string, seq: number) {
    const ahead = this.positions.of(userId);
    const position = await this.store.read({ roomId, userId, seq, ahead });
    if (position === null) throw notFound('room');
    const { hasMoved, ...own } = position;
    if (hasMoved) {
      this.positions.advance({ roomId, userId, seq: own.readSeq });
      this.pushes.position(userId, roomId, own);
    }
    return { readSeq: own.readSeq, unread: own.unread, mentions: own.mentions };
  }

  private async namedIn(text: string): Promise<string[]> {
    const names = namesIn(text);
    if (names.length === 0) return [];
    const users = await this.users.byUsernames(names);
    return users.map(({ id }) => id);
  }
}

/** Tells a repeated send from another one under the same `clientId`; `meta` is not part of what was said. */
function hashOf({ text, replyTo, threadSeq }: Sending): string {
  const said = JSON.stringify([text, replyTo ?? null, threadSeq ?? null, []]);
  return createHash('sha256').update(said).digest('base64url');
}

function anchorOf({ before, after, around }: HistoryRequest): Anchor {
  const anchors = Object.entries({ before, after, around }).filter(([, seq]) => seq !== undefined);
  const [first, second] = anchors;
  if (second !== undefined) throw invalid(second[0], 'only one of before, after and around may be given');
  return first === undefined ? { at: 'end' } : ({ at: first[0], seq: first[1] } as Anchor);
}
