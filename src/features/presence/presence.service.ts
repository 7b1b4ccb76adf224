import { Injectable } from '@nestjs/common';
import { Clock, type Connection, invalid, RealtimeError, type UserActor } from '../../realtime/index.js';
import type { WatchFrame } from './frames.js';
import {
  hidden,
  isTellable,
  type Presence,
  PresenceReader,
  seenByOthers,
  seenBySelf,
} from './state/index.js';
import { Visibility } from './visibility.js';
import { PresenceWatching } from './watch/index.js';

/** What users may read of others. */
@Injectable()
export class PresenceService {
  constructor(
    private readonly clock: Clock,
    private readonly reader: PresenceReader,
    private readonly visibility: Visibility,
    private readonly watching: PresenceWatching,
  ) {}

  /** `UNAVAILABLE`: of someone whom the caller may see it is not known now. */
  async get({ userId }: UserActor, userIds: readonly string[]): Promise<Presence[]> {
    const asked = [...new Set(userIds)];
    const visible = await this.visibility.visibleTo(userId, asked);
    const facts = await this.reader.facts(asked.filter((id) => visible.has(id)));
    const nowMs = this.clock.now();
    return asked.map((id) => {
      const read = facts.get(id);
      if (read === undefined) return hidden(id);
      if (id === userId) return seenBySelf(read, nowMs);
      if (!isTellable(read, nowMs)) throw untold();
      return seenByOthers(read, nowMs);
    });
  }

  async watch(connection: Connection, { userIds, roomId }: WatchFrame): Promise<Presence[]> {
    if (userIds === undefined && roomId === undefined) throw invalid('', 'name userIds, a roomId, or both');
    return await this.watching.watch(connection, { userIds, roomId });
  }

  unwatch(connection: Connection, { userIds, roomId }: WatchFrame): void {
    if (userIds === undefined && roomId === undefined) this.watching.unwatchAll(connection);
    if (userIds !== undefined) this.watching.unwatchUsers(connection, userIds);
    if (roomId !== undefined) this.watching.unwatchRoom(connection, roomId);
  }
}

const untold = (): RealtimeError =>
  new RealtimeError('UNAVAILABLE', 'who is online cannot be told at the moment; ask again', {
    isRoutine: true,
  });
