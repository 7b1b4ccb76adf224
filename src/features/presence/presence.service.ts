import { Injectable } from '@nestjs/common';
import { Clock, type Connection, invalid, TopicBus, type UserActor } from '../../realtime/index.js';
import { InjectStore, type Store } from '../../storage/index.js';
import type { SetFrame, WatchFrame } from './frames.js';
import { presenceChannel } from './local/index.js';
import {
  hidden,
  type Presence,
  type PresenceFacts,
  PresenceReader,
  presenceStore,
  seenByOthers,
  seenBySelf,
} from './state/index.js';
import { Visibility } from './visibility.js';
import { PresenceWatching } from './watch/index.js';

/** What users say of themselves, and what they may read of others. */
@Injectable()
export class PresenceService {
  constructor(
    private readonly clock: Clock,
    private readonly bus: TopicBus,
    private readonly reader: PresenceReader,
    @InjectStore(presenceStore) private readonly store: Store<typeof presenceStore>,
    private readonly visibility: Visibility,
    private readonly watching: PresenceWatching,
  ) {}

  /** Replaces the whole of what the user chose before: no `text` is no text. */
  async set({ userId }: UserActor, { status, text, until }: SetFrame): Promise<Presence> {
    const nowMs = this.clock.now();
    const untilMs = until == null ? null : Date.parse(until);
    if (untilMs !== null && untilMs <= nowMs) throw invalid('until', 'must be a time to come');
    const before = await this.factsOf(userId);
    const isConnected = before?.liveness !== undefined;
    await this.store.choose({ userId, status, text: text || null, untilMs, nowMs, isConnected });
    this.bus.publish(presenceChannel(userId), {});
    const after = await this.factsOf(userId);
    return after === undefined ? hidden(userId) : seenBySelf(after, nowMs);
  }

  async get({ userId }: UserActor, userIds: readonly string[]): Promise<Presence[]> {
    const asked = [...new Set(userIds)];
    const visible = await this.visibility.visibleTo(userId, asked);
    const facts = await this.reader.facts(asked.filter((id) => visible.has(id)));
    const nowMs = this.clock.now();
    return asked.map((id) => {
      const read = facts.get(id);
      if (read === undefined) return hidden(id);
      return id === userId ? seenBySelf(read, nowMs) : seenByOthers(read, nowMs);
    });
  }

  async watch(connection: Connection, { userIds, roomId }: WatchFrame): Promise<Presence[]> {
    if (userIds === undefined && roomId === undefined) throw invalid('', 'name userIds, a roomId, or both');
    const ofRoom = roomId === undefined ? [] : await this.watching.watchRoom(connection, roomId);
    const ofUsers = userIds === undefined ? [] : await this.watching.watchUsers(connection, userIds);
    return [...new Map([...ofRoom, ...ofUsers].map((presence) => [presence.userId, presence])).values()];
  }

  unwatch(connection: Connection, { userIds, roomId }: WatchFrame): void {
    if (userIds === undefined && roomId === undefined) this.watching.unwatchAll(connection);
    if (userIds !== undefined) this.watching.unwatchUsers(connection, userIds);
    if (roomId !== undefined) this.watching.unwatchRoom(connection, roomId);
  }

  private async factsOf(userId: string): Promise<PresenceFacts | undefined> {
    return (await this.reader.facts([userId])).get(userId);
  }
}
