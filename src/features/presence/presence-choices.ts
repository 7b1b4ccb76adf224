import { Injectable } from '@nestjs/common';
import { Clock, invalid, TopicBus, type UserActor } from '../../realtime/index.js';
import { InjectStore, type Store } from '../../storage/index.js';
import type { SetFrame } from './frames.js';
import { presenceChannel } from './local/index.js';
import {
  hidden,
  type Presence,
  type PresenceFacts,
  PresenceReader,
  presenceStore,
  seenBySelf,
} from './state/index.js';

/** What users say of themselves. */
@Injectable()
export class PresenceChoices {
  constructor(
    private readonly clock: Clock,
    private readonly bus: TopicBus,
    private readonly reader: PresenceReader,
    @InjectStore(presenceStore) private readonly store: Store<typeof presenceStore>,
  ) {}

  /** Replaces the whole of what the user chose before: no `text` is no text. */
  async set({ userId }: UserActor, { status, text = '', until }: SetFrame): Promise<Presence> {
    const nowMs = this.clock.now();
    const untilMs = typeof until === 'string' ? Date.parse(until) : null;
    if (untilMs !== null && untilMs <= nowMs) throw invalid('until', 'must be a time to come');
    const isConnected = (await this.factsOf(userId))?.liveness !== undefined;
    const choice = { status, text: text === '' ? null : text, untilMs };
    await this.store.choose({ ...choice, userId, nowMs, isConnected });
    this.bus.publish(presenceChannel(userId), {});
    const facts = await this.factsOf(userId);
    return facts === undefined ? hidden(userId) : seenBySelf(facts, nowMs);
  }

  private async factsOf(userId: string): Promise<PresenceFacts | undefined> {
    return (await this.reader.facts([userId])).get(userId);
  }
}
