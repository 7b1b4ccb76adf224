import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Cursors, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { ReadPositions, type RoomFacts, type RoomView } from '../log/index.js';
import { type ChannelPlace, store as discoveryStore } from './discovery.store.js';

const DEFAULT_PAGE = 50;

const CURSORS = new Cursors<[string, string]>('room.discover', ['string', 'string']);

export interface Discovery {
  readonly query?: string;
  /** The `nextCursor` of the part before; undefined for the first. */
  readonly cursor?: string;
  readonly limit?: number;
}

export interface Discovered {
  readonly rooms: readonly (RoomView | RoomFacts)[];
  readonly nextCursor: string | null;
}

/** Finds channels. */
@Injectable()
export class DiscoveryService implements OnModuleInit {
  constructor(
    @InjectStore(discoveryStore) private readonly store: Store<typeof discoveryStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'maxAnswerBytes'>,
    private readonly positions: ReadPositions,
  ) {}

  /** Does anything at the first start with a database that is older than these names only. */
  async onModuleInit(): Promise<void> {
    while (await this.store.foldNames());
  }

  /** The channels that the query finds, in the order of their names; those of the caller as a member sees them. */
  async discover(
    { userId }: UserActor,
    { query, cursor, limit = DEFAULT_PAGE }: Discovery,
  ): Promise<Discovered> {
    const { rooms, next } = await this.store.discover({
      userId,
      ...(query !== undefined && { query }),
      place: cursor === undefined ? null : placeOf(query, cursor),
      limit,
      maxBytes: this.settings.maxAnswerBytes,
      ahead: this.positions.of(userId),
    });
    return { rooms, nextCursor: next && CURSORS.write([query], [next.foldedName, next.roomId]) };
  }
}

function placeOf(query: string | undefined, cursor: string): ChannelPlace {
  const [foldedName, roomId] = CURSORS.read([query], cursor);
  return { foldedName, roomId };
}
