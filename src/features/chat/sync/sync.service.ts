import { Inject, Injectable } from '@nestjs/common';
import { Clock, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { LogReader, ReadPositions } from '../log/index.js';
import type { SyncedRoom } from './answer-budget.js';
import type { SyncFrame } from './frames.js';
import { decodeSince, decodeSyncCursor, encodeSince, encodeSyncCursor } from './sync-tokens.js';
import { type SyncedPosition, store as syncStore } from './sync.store.js';

const DEFAULT_LIMIT = 50;

/** The reply to `room.sync`. */
export interface Synced {
  readonly epoch: string;
  readonly rooms: readonly SyncedRoom[];
  readonly removed: readonly string[];
  readonly reads: readonly SyncedPosition[];
  readonly since: string;
  readonly serverTime: string;
  readonly nextCursor: string | null;
}

/** Brings a client that was away up to date. */
@Injectable()
export class SyncService {
  constructor(
    @InjectStore(syncStore) private readonly store: Store<typeof syncStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly log: LogReader,
    private readonly positions: ReadPositions,
    private readonly clock: Clock,
  ) {}

  /** The pages after the first only go on with the rooms: what else there was to say was on the first. */
  async sync({ userId }: UserActor, request: SyncFrame): Promise<Synced> {
    const { epoch } = this.log;
    const cursor = request.cursor === undefined ? undefined : decodeSyncCursor(request.cursor);
    const page = await this.store.sync({
      userId,
      rooms: new Map(Object.entries(request.rooms ?? {})),
      isOtherEpoch: request.epoch !== undefined && request.epoch !== epoch,
      isRestWanted: request.rest !== 'none',
      limit: request.limit ?? DEFAULT_LIMIT,
      order: cursor?.order ?? { startedMs: this.clock.now(), given: [] },
      since: cursor || request.since === undefined ? null : decodeSince(request.since, epoch),
      ahead: this.positions.of(userId),
      maxBytes: this.settings.maxAnswerBytes,
    });
    const since = cursor?.since ?? encodeSince(epoch, page.commit);
    return {
      epoch,
      rooms: page.rooms,
      removed: cursor ? [] : page.removed,
      reads: page.reads,
      since,
      serverTime: this.clock.isoNow(),
      nextCursor: page.next && encodeSyncCursor({ order: page.next, since }),
    };
  }
}
