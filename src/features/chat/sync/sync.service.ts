import { Injectable } from '@nestjs/common';
import { Clock, type UserActor } from '../../../realtime/index.js';
import { LogReader } from '../log/index.js';
import { orderFrom } from '../records/index.js';
import type { SyncFrame } from './frames.js';
import { SyncPages } from './sync-pages.js';
import {
  decodeSince,
  decodeSyncCursor,
  encodeSince,
  encodeSyncCursor,
  type SyncCursor,
} from './sync-tokens.js';
import type { SyncPage } from './sync-page.js';
import type { Synced, SyncedRoom } from './synced.js';

const DEFAULT_LIMIT = 50;

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
    // An answer that was begun in another life of the log is begun anew.
    const goingOn = cursor === undefined ? undefined : decodeSyncCursor(cursor, this.log.epoch);
    const synced = await (goingOn === undefined
      ? this.begin(userId, request)
      : this.goOn(userId, request, goingOn));
    return { epoch: this.log.epoch, ...synced, serverTime };
  }

  private async begin(userId: string, request: SyncFrame): Promise<Pages> {
    const { epoch } = this.log;
    const since = request.since === undefined ? null : decodeSince(request.since, epoch);
    const place = { order: orderFrom(this.clock.now()), removedFrom: 0 };
    const page = await this.pages.read(userId, { ...this.newsOf(request), place, since });
    return withCursor(page, encodeSince(epoch, page.since));
  }

  /** The pages after the first go on with the rooms: the positions were on the first. */
  private async goOn(userId: string, request: SyncFrame, { place, since }: SyncCursor): Promise<Pages> {
    const page = await this.pages.read(userId, { ...this.newsOf(request), place, since: null });
    return withCursor(page, since);
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

type Page = Pick<SyncPage, 'removed' | 'reads' | 'next'> & { readonly rooms: readonly SyncedRoom[] };

function withCursor({ rooms, removed, reads, next }: Page, since: string): Pages {
  const nextCursor = next && encodeSyncCursor({ place: next, since });
  return { rooms, removed, reads, since, nextCursor };
}
