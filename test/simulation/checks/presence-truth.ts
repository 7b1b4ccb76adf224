import type { Device, Session } from '../world/device.js';
import type { SimulatedNode } from '../world/node.js';
import type { Tables } from '../world/tables.js';
import type { SimulatedTime } from '../world/time.js';
import { Broken } from './broken.js';

/** So long one must have been here, and shared a room with the watcher, for it to be wrong that they are shown as gone. */
const SURE_MS = 5000;

interface Judged {
  readonly time: SimulatedTime;
  readonly tables: Tables;
  readonly devices: readonly Device[];
}

/** Who is really there, held against what is shown of them. */
export class PresenceTruth {
  /** When each user last came into a room, or left one. */
  private readonly movedAtMs = new Map<string, number>();

  constructor(private readonly world: Judged) {}

  moved(userId: string): void {
    this.movedAtMs.set(userId, this.world.time.monotonicMs());
  }

  /** Somebody is shown as gone. */
  onGone(userId: string, viewerId: string, { node, connection }: Session): void {
    if (!this.world.tables.share(userId, viewerId) || this.isDoubtful(node)) return;
    if (this.hasMovedLately(userId) || this.hasMovedLately(viewerId)) return;
    if (this.isSurelyHere(userId))
      throw new Broken('never gone', `${connection.id} is shown ${userId} as gone`);
  }

  /** When all is quiet. */
  check(): void {
    for (const { session, name, userId: viewerId } of this.world.devices) {
      if (session === undefined) continue;
      for (const userId of this.watchedBy(session.watching)) {
        const shown = session.watching.shown.get(userId) ?? 'offline';
        const due = this.world.tables.share(viewerId, userId) && this.isHere(userId) ? 'online' : 'offline';
        if (shown !== due)
          throw new Broken('presence', `${name} of ${viewerId} sees ${userId} ${shown}, not ${due}`);
      }
    }
  }

  private watchedBy({
    userIds,
    roomIds,
  }: {
    userIds: ReadonlySet<string>;
    roomIds: ReadonlySet<string>;
  }): Set<string> {
    const { rooms } = this.world.tables;
    return new Set([
      ...userIds,
      ...[...roomIds].flatMap((roomId) => [...(rooms.get(roomId)?.members.keys() ?? [])]),
    ]);
  }

  private isHere(userId: string): boolean {
    return this.world.devices.some((device) => device.userId === userId && device.isReady);
  }

  private isSurelyHere(userId: string): boolean {
    const nowMs = this.world.time.monotonicMs();
    return this.world.devices.some(({ session, userId: ownerId }) => {
      if (ownerId !== userId || session === undefined) return false;
      return session.readyAtMs + SURE_MS < nowMs && !this.isDoubtful(session.node);
    });
  }

  /** It stood still, or could not reach the leases: what it announced may have run out. */
  private isDoubtful({ doubtfulUntilMs, leases }: SimulatedNode): boolean {
    const untilMs = Math.max(doubtfulUntilMs, leases.failedAtMs + leases.ttlMs);
    return untilMs + SURE_MS > this.world.time.monotonicMs();
  }

  private hasMovedLately(userId: string): boolean {
    return (this.movedAtMs.get(userId) ?? -Infinity) + SURE_MS > this.world.time.monotonicMs();
  }
}
