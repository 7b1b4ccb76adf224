import { Inject, Injectable } from '@nestjs/common';
import { Clock, forbidden, notFound, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import type { AttachmentView } from '../records/index.js';
import { store as attachmentsStore } from './attachments.store.js';

const DAY_MS = 86_400_000;

/** One upload's part of its user's day. */
export interface QuotaShare {
  /** Counts bytes that have arrived. Throws `RATE_LIMITED` when they do not fit the day. */
  readonly take: (bytes: number) => void;
  /** The upload is over; what it counted is forgotten. */
  readonly end: () => void;
}

/**
 * Which uploads there are, and how much each user may upload in a day. What is on its way counts beside what is stored, so
 * that many uploads at once take no more room on this node than the day allows; the store decides in the end.
 */
@Injectable()
export class UploadLedger {
  readonly #underWay = new Map<string, number>();

  constructor(
    @InjectStore(attachmentsStore) private readonly store: Store<typeof attachmentsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly clock: Clock,
  ) {}

  /** Enters an upload, if the user may give files to the room. */
  async begin(id: string, roomId: string, userId: string): Promise<void> {
    const admission = await this.store.begin({ id, roomId, userId, nowMs: this.clock.now() });
    if (admission === 'stranger') throw notFound('room');
    if (admission === 'outsider') throw forbidden('only members can do this');
    if (admission === 'archived') throw forbidden('the room is archived');
  }

  /** Begins to count the bytes of one upload. */
  async share(userId: string): Promise<QuotaShare> {
    const { maxBytesPerDay } = this.settings.attachments;
    if (maxBytesPerDay === 0) return { take: () => undefined, end: () => undefined };
    const stored = await this.store.uploadedToday({ userId, nowMs: this.clock.now() });
    let own = 0;
    return {
      take: (bytes) => {
        own += bytes;
        if (stored + this.count(userId, bytes) > maxBytesPerDay) throw this.exceeded();
      },
      end: () => {
        this.count(userId, -own);
        own = 0;
      },
    };
  }

  /** Makes an attachment of an upload whose bytes are all there. */
  async keep(userId: string, file: AttachmentView): Promise<void> {
    const { maxBytesPerDay } = this.settings.attachments;
    const finish = await this.store.finish({ ...file, userId, maxBytesPerDay, nowMs: this.clock.now() });
    if (finish === 'beyond the day') throw this.exceeded();
    if (finish === 'expired') throw new RealtimeError('UNAVAILABLE', 'the upload took too long');
  }

  /** Takes an upload out again. */
  async forget(id: string): Promise<void> {
    await this.store.forget([id]);
  }

  private count(userId: string, bytes: number): number {
    const total = (this.#underWay.get(userId) ?? 0) + bytes;
    if (total > 0) this.#underWay.set(userId, total);
    else this.#underWay.delete(userId);
    return total;
  }

  private exceeded(): RealtimeError {
    const retryAfterMs = DAY_MS - (this.clock.now() % DAY_MS);
    return new RealtimeError('RATE_LIMITED', "the day's uploads are used up", { retryAfterMs });
  }
}
