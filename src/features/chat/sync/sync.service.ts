import { Injectable } from '@nestjs/common';
import { Clock, type UserActor } from '../../../realtime/index.js';
import { LogReader } from '../log/index.js';
import type { SyncedRoom } from './answer-budget.js';
import type { SyncFrame } from './frames.js';
import { SyncPages } from './sync-pages.js';
import {
  decodeSince,
  decodeSyncCursor,
  encodeSince,
  encodeSyncCursor,
  type SyncCursor,
} from './sync-tokens.js';
import type { SyncedPosition, SyncPage } from './sync.store.js';

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
    private readonly pages: SyncPages,
    private readonly log: LogReader,
    private readonly clock: Clock,
  ) {}

  async sync({ userId }: UserActor, request: SyncFrame): Promise<Synced> {
    const { cursor } = request;
    const serverTime = this.clock.isoNow();
    const synced =
      cursor === undefined
        ? await this.begin(userId, request)
        : await this.goOn(userId, request, decodeSyncCursor(cursor));
    return { epoch: this.log.epoch, ...synced, serverTime };
  }

  private async begin(userId: string, request: SyncFrame): Promise<Pages> {
    const { epoch } = this.log;
    const since = request.since === undefined ? null : decodeSince(request.since, epoch);
    const order = { startedMs: this.clock.now(), given: [] };
    const { commit, ...page } = await this.pages.read(userId, { ...this.newsOf(request), order, since });
    return withCursor(page, encodeSince(epoch, commit));
  }

  /** The pages after the first only go on with the rooms: what else there was to say was on the first. */
  private async goOn(userId: string, request: SyncFrame, { order, since }: SyncCursor): Promise<Pages> {
    const page = await this.pages.read(userId, { ...this.newsOf(request), order, since: null });
    return withCursor({ ...page, removed: [], reads: [] }, since);
  }

  private newsOf({ rooms = {}, epoch = this.log.epoch, rest, limit = DEFAULT_LIMIT }: SyncFrame) {
    return {
      rooms: new Map(Object.entries(rooms)),
      isOtherEpoch: epoch !== this.log.epoch,
      isRestWanted: rest !== 'none',
      limit,
    };
  }
}

type Pages = Omit<Synced, 'epoch' | 'serverTime'>;

function withCursor({ rooms, removed, reads, next }: Omit<SyncPage, 'commit'>, since: string): Pages {
  const nextCursor = next && encodeSyncCursor({ order: next, since });
  return { rooms, removed, reads, since, nextCursor };
}
