import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '../../../realtime/index.js';
import { Database, InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { ReadPositions } from './read-positions.js';
import { logStore } from './reading/index.js';
import type { RoomEvent } from './room-event.js';
import type { RoomView } from './room-view.js';

/** A user's rooms with the head of each, and the life of the log that they belong to, read at one moment. */
export interface Memberships {
  readonly epoch: string;
  readonly rooms: readonly { readonly roomId: string; readonly head: number }[];
}

/** Longest answer in events, whatever their size. */
const MAX_EVENTS = 1000;

/** Reads the rooms' logs. Each call is one snapshot of the store. It checks no right: see `RoomAccess`. */
@Injectable()
export class LogReader implements OnModuleInit {
  private life = '';

  constructor(
    @InjectStore(logStore) private readonly store: Store<typeof logStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly positions: ReadPositions,
    private readonly database: Database,
  ) {}

  async onModuleInit(): Promise<void> {
    const isSetBack = this.database.mayHaveLostCommits;
    this.life = await this.store.openEpoch({ newEpoch: newId(), isSetBack });
  }

  /** Names the life of the log: it changes when the log was set back. */
  get epoch(): string {
    return this.life;
  }

  /**
   * The events of a room with `after < seq <= until`, ascending and without a gap, as many as fit `limit` (at most 1000)
   * and one answer's bytes; at least one when there is one.
   */
  async events(
    roomId: string,
    after: number,
    until: number,
    limit: number = MAX_EVENTS,
  ): Promise<readonly RoomEvent[]> {
    const maxBytes = this.settings.maxAnswerBytes;
    return await this.store.events({ roomId, after, until, limit: Math.min(limit, MAX_EVENTS), maxBytes });
  }

  /** The last `seq` of each room; rooms that do not exist are absent. */
  async heads(roomIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(await this.store.heads(roomIds));
  }

  /** What a connection of this user stands on. */
  async memberships(userId: string): Promise<Memberships> {
    return { epoch: this.life, rooms: await this.store.memberships(userId) };
  }

  /**
   * A room as its member sees it, at its head or as it was at `asOf` (`head` is then `asOf`, and later messages are
   * neither counted nor shown); undefined when the user is no member.
   */
  async roomView(roomId: string, userId: string, asOf?: number): Promise<RoomView | undefined> {
    const ahead = this.positions.of(userId);
    const query = { userId, roomIds: [roomId], ahead, ...(asOf !== undefined && { asOf }) };
    const [view] = await this.store.roomViews(query);
    return view;
  }
}
