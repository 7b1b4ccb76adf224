import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '../../../realtime/index.js';
import { Database, InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import type { RoomEvent, RoomFacts, RoomView } from '../records/index.js';
import { LogReader, type Memberships } from './log-reader.js';
import { store as logStore } from './log.store.js';
import { ReadPositions } from './read-positions.js';

/** Longest answer in events, whatever their size. */
const MAX_EVENTS = 1000;

/** Reads the logs from the database. */
@Injectable()
export class SqlLogReader extends LogReader implements OnModuleInit {
  private life = '';

  constructor(
    @InjectStore(logStore) private readonly store: Store<typeof logStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'maxAnswerBytes'>,
    private readonly positions: ReadPositions,
    private readonly database: Database,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    const isSetBack = this.database.mayHaveLostCommits;
    this.life = await this.store.openEpoch({ newEpoch: newId(), isSetBack });
  }

  get epoch(): string {
    return this.life;
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
    return { epoch: this.life, rooms: await this.store.memberships(userId) };
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
