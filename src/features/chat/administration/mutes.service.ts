import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock, invalid, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store, StorageError } from '../../../storage/index.js';
import { LogReader, type Mute, type Muted, mutesStore } from '../log/index.js';
import { OwnPushes } from '../rooms/index.js';

/** So late at most a mute ends. */
const CHECK_MS = 1000;

/** Keeps the rooms that users want no notifications of, until the time that they said. */
@Injectable()
export class MutesService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(MutesService.name);
  private cancel: Cancel | undefined;
  private ending: Promise<void> = Promise.resolve();

  constructor(
    @InjectStore(mutesStore) private readonly store: Store<typeof mutesStore>,
    private readonly reader: LogReader,
    private readonly pushes: OwnPushes,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.cancel = this.clock.every(CHECK_MS, () => void this.endInTurn());
  }

  async onApplicationShutdown(): Promise<void> {
    this.cancel?.();
    await this.ending;
  }

  /** Mutes a room for the caller: for ever when `until` is undefined, no longer when it is null. */
  async mute({ userId }: UserActor, roomId: string, until: string | null | undefined): Promise<void> {
    const hasChanged = await this.store.mute({ roomId, userId, until: this.untilOf(until) });
    if (hasChanged === null) throw notFound('room');
    if (hasChanged) await this.tell({ roomId, userId });
  }

  private untilOf(until: string | null | undefined): Mute['until'] {
    if (until === undefined) return 'for ever';
    if (until === null) return null;
    const untilMs = Date.parse(until);
    if (!(untilMs > this.clock.now())) throw invalid('until', 'must be a time to come');
    return untilMs;
  }

  private async endInTurn(): Promise<void> {
    this.ending = this.ending.then(async () => this.end());
    await this.ending;
  }

  private async end(): Promise<void> {
    const nowMs = this.clock.now();
    try {
      if (!(await this.store.hasEnded(nowMs))) return;
      for (const muted of await this.store.end(nowMs)) await this.tell(muted);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.logger.warn({ err: error }, 'mutes whose time is over could not be ended');
    }
  }

  private async tell({ roomId, userId }: Muted): Promise<void> {
    const view = await this.reader.roomView(roomId, userId);
    if (!view) return;
    const { readSeq, unread, mentions, muted } = view;
    this.pushes.position(userId, { roomId, readSeq, unread, mentions, muted });
  }
}
