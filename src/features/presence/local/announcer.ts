import { type Clock, type TopicBus } from '../../../realtime/index.js';
import type { Liveness, PresenceLeases } from '../leases/index.js';
import type { Sighting } from '../state/index.js';

const RETRY_MS = 1000;

/** The bus channel on which a user's presence is said to have changed; the message says no more than that. */
export const presenceChannel = (userId: string): string => `presence:${userId}`;

export interface AnnouncerServices {
  readonly clock: Clock;
  readonly bus: TopicBus;
  readonly leases: PresenceLeases;
  readonly see: (sightings: readonly Sighting[]) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Brings this node's users into the leases and tells every node, many changes at once. What could not be announced is
 * tried again with what has come since.
 */
export class Announcer {
  private waiting = new Map<string, Liveness | undefined>();
  private sightings = new Map<string, number>();
  private running: Promise<void> | undefined;

  constructor(private readonly services: AnnouncerServices) {}

  /** `seenAtMs`: when others saw the user last. */
  announce(userId: string, liveness: Liveness | undefined, seenAtMs?: number): void {
    this.waiting.set(userId, liveness);
    if (seenAtMs !== undefined) this.sightings.set(userId, seenAtMs);
    void this.flush();
  }

  /** Resolves when everything that was announced so far has been passed on, or is waiting to be tried again. */
  async flush(): Promise<void> {
    this.running ??= this.run();
    await this.running;
  }

  private async run(): Promise<void> {
    // Whatever changes in the same turn goes together.
    await Promise.resolve();
    try {
      while (this.waiting.size > 0) await this.pass();
    } catch (error) {
      this.services.onTrouble(error);
      this.services.clock.after(RETRY_MS, () => void this.flush());
    } finally {
      this.running = undefined;
    }
  }

  /** Last seen is stored before anybody is told to look, but does not hold up the truth about who is here. */
  private async pass(): Promise<void> {
    const batch = this.waiting;
    this.waiting = new Map();
    try {
      await this.services.leases.announce(batch);
    } catch (error) {
      this.waiting = new Map([...batch, ...this.waiting]);
      throw error;
    }
    await this.storeSightings();
    for (const userId of batch.keys()) this.services.bus.publish(presenceChannel(userId), {});
  }

  private async storeSightings(): Promise<void> {
    const sightings = this.sightings;
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
