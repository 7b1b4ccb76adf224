import { type Cancel, type Clock, type TopicBus } from '../../../realtime/index.js';
import type { Farewell, Liveness, OwnUsers, PresenceLeases } from '../leases/index.js';
import type { Sighting } from '../state/index.js';

const RETRY_MS = 1000;

/** Sightings of those who are still here are only for a crash: they are stored together. */
const GATHERED_MS = 1000;

/** The bus channel on which a user's presence is said to have changed; the message says no more than that. */
export const presenceChannel = (userId: string): string => `presence:${userId}`;

/** A user of a node that stops: the connections have closed, and may count for a while. */
export interface Leaving extends Farewell {
  /** Wall time at which the last one closed. */
  readonly seenAtMs: number;
}

export interface AnnouncerServices {
  readonly clock: Clock;
  readonly bus: TopicBus;
  readonly leases: PresenceLeases;
  readonly own: OwnUsers;
  readonly see: (sightings: readonly Sighting[]) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Brings this node's users into the leases and tells every node, many changes at once. What could not be announced is
 * tried again with what has come since.
 */
export class Announcer {
  private waiting = new Set<string>();
  private sightings = new Map<string, number>();
  private cancelStoring: Cancel | undefined;
  private isStoringDue = false;
  private running: Promise<void> | undefined;
  private isTroubled = false;

  constructor(private readonly services: AnnouncerServices) {}

  /** `seenAtMs`: when others saw the user last. */
  announce(userId: string, liveness: Liveness | undefined, seenAtMs?: number): void {
    const { own } = this.services;
    if (liveness === undefined) own.delete(userId);
    else own.set(userId, liveness);
    this.waiting.add(userId);
    if (seenAtMs !== undefined) this.sight(userId, seenAtMs, liveness);
    void this.flush();
  }

  private sight(userId: string, atMs: number, liveness: Liveness | undefined): void {
    this.sightings.set(userId, atMs);
    if (liveness === undefined) this.isStoringDue = true;
    else this.storeSoon();
  }

  private storeSoon(): void {
    this.cancelStoring ??= this.services.clock.after(GATHERED_MS, () => {
      this.isStoringDue = true;
      void this.flush();
    });
  }

  /** Resolves when everything that was announced so far has been passed on, or is waiting to be tried again. */
  async flush(): Promise<void> {
    this.running ??= this.run();
    await this.running;
  }

  /** The last word of a node that stops. Without it, its lease runs out. */
  async leave(users: ReadonlyMap<string, Leaving>): Promise<void> {
    const { leases, bus, own, onTrouble } = this.services;
    await this.flush();
    for (const [userId, { seenAtMs }] of users) this.sightings.set(userId, seenAtMs);
    try {
      await this.storeSightings();
      await leases.leave(users);
    } catch (error) {
      onTrouble(error);
    }
    own.clear();
    for (const userId of users.keys()) bus.publish(presenceChannel(userId), {});
  }

  private async run(): Promise<void> {
    // Whatever changes in the same turn goes together.
    await Promise.resolve();
    try {
      while (this.waiting.size > 0 || this.isStoringDue) await this.pass();
      this.isTroubled = false;
    } catch (error) {
      if (!this.isTroubled) this.services.onTrouble(error);
      this.isTroubled = true;
      this.services.clock.after(RETRY_MS, () => void this.flush());
    } finally {
      this.running = undefined;
    }
  }

  /** Last seen is stored before anybody is told to look, but does not hold up the truth about who is here. */
  private async pass(): Promise<void> {
    const userIds = this.waiting;
    this.waiting = new Set();
    const { leases, own, bus } = this.services;
    try {
      if (userIds.size > 0)
        await leases.announce(new Map([...userIds].map((userId) => [userId, own.get(userId)])));
    } catch (error) {
      for (const userId of userIds) this.waiting.add(userId);
      throw error;
    } finally {
      if (this.isStoringDue) await this.storeSightings();
    }
    for (const userId of userIds) bus.publish(presenceChannel(userId), {});
  }

  private async storeSightings(): Promise<void> {
    const sightings = this.sightings;
    this.isStoringDue = false;
    this.cancelStoring?.();
    this.cancelStoring = undefined;
    if (sightings.size === 0) return;
    this.sightings = new Map();
    try {
      await this.services.see([...sightings].map(([userId, atMs]) => ({ userId, atMs })));
    } catch (error) {
      this.sightings = new Map([...sightings, ...this.sightings]);
      this.services.onTrouble(error);
    }
  }
}
