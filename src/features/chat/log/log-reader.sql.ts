import { Inject, Injectable } from '@nestjs/common';
import { Database, GatheredReads, InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import type { RoomEvent, RoomFacts, RoomView } from '../records/index.js';
import { LogReader, type Memberships } from './log-reader.js';
import { store as logStore } from './log.store.js';
import { ReadPositions } from './read-positions.js';

/** Longest answer in events, whatever their size. */
const MAX_EVENTS = 1000;

/** Reads the logs from the database. */
@Injectable()
export class SqlLogReader extends LogReader {
  private readonly rooms: GatheredReads<string, Memberships['rooms'][number][]>;

  constructor(
    @InjectStore(logStore) private readonly store: Store<typeof logStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'maxAnswerBytes'>,
    private readonly positions: ReadPositions,
    private readonly database: Database,
  ) {
    super();
    this.rooms = new GatheredReads(async (userIds) => byUser(await store.memberships([...userIds])));
  }

  get epoch(): string {
    return this.database.life;
  }

  async events(
    roomId: string,
    after: number,
    until: number,
    limit: number = MAX_EVENTS,
  ): Promise<readonly RoomEvent[]> {
    const maxBytes = this.settings.maxAnswerBytes;
    return await this.store.events({ roomId, after, until, limit: Math.min(limit, MAX_EVENTS), maxBytes });
  }

  async heads(roomIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(await this.store.heads(roomIds));
  }

  async memberships(userId: string): Promise<Memberships> {
    const rooms = await this.rooms.of(userId);
    return { epoch: this.database.life, rooms: rooms ?? [] };
  }

  async roomView(roomId: string, userId: string, asOf?: number): Promise<RoomView | undefined> {
    const ahead = this.positions.of(userId);
    const query = { userId, roomIds: [roomId], ahead, ...(asOf !== undefined && { asOf }) };
    const [view] = await this.store.roomViews(query);
    return view;
  }

  async roomFacts(roomId: string): Promise<RoomFacts | undefined> {
    return (await this.store.roomFacts(roomId)) ?? undefined;
  }
}

interface MembershipRow {
  readonly userId: string;
  readonly roomId: string;
  readonly head: number;
}

function byUser(rows: readonly MembershipRow[]): Map<string, Memberships['rooms'][number][]> {
  const rooms = new Map<string, Memberships['rooms'][number][]>();
  for (const { userId, roomId, head } of rows) {
    const own = rooms.get(userId);
    if (own === undefined) rooms.set(userId, [{ roomId, head }]);
    else own.push({ roomId, head });
  }
  return rooms;
}
