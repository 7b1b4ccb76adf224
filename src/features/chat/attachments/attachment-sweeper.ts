import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock, Rounds } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { store as attachmentsStore } from './attachments.store.js';
import { BlobStore } from './blobs/blob-store.js';

/** How long the bytes of a deleted message may lie about at most, while the store can be reached. */
const PERIOD_MS = 60_000;
const BATCH = 100;

/**
 * Removes the bytes of attachments that nobody may have any more: of deleted messages, of uploads that no message named
 * within a day, and of uploads that died. The row goes after the bytes, so that a crash in between is made good later.
 */
@Injectable()
export class AttachmentSweeper implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(AttachmentSweeper.name);
  readonly #rounds = new Rounds(
    async () => this.removeAll(),
    (err) => {
      this.#logger.warn({ msg: 'attachments were not removed; the next sweep tries again', err });
    },
  );

  constructor(
    @InjectStore(attachmentsStore) private readonly store: Store<typeof attachmentsStore>,
    private readonly blobs: BlobStore,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.#rounds.start(this.clock, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    // What a deleted message named is to be in no file after a clean stop.
    await this.sweep();
  }

  /** Removes all that is due now; one sweep at a time. */
  async sweep(): Promise<void> {
    await this.#rounds.round();
  }

  private async removeAll(): Promise<void> {
    let ids: readonly string[];
    do {
      ids = await this.store.expire({ nowMs: this.clock.now(), limit: BATCH });
      await this.blobs.delete(ids);
      await this.store.forget(ids);
    } while (ids.length === BATCH);
  }
}
