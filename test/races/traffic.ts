import type { TestClient } from 'parley/testing';
import type { Recorder } from '../checker/index.js';

/** A machine that is too slow for the rate gets as much as it can take: sends must not pile up before other requests. */
const MOST_AT_ONCE = 30;

/** Sends at a steady rate into several rooms in turn, by several connections in turn. */
export class Traffic {
  private readonly sending = new Set<Promise<void>>();
  private readonly stored = new Map<string, number>();
  private readonly waiting = new Set<() => void>();
  private readonly timer: NodeJS.Timeout;
  private readonly startedMs = performance.now();
  private sent = 0;
  private missed = 0;
  private fault: Error | undefined;

  constructor(
    private readonly recorder: Recorder,
    private readonly senders: readonly TestClient[],
    private readonly roomIds: readonly string[],
    private readonly sendsPerSecond: number,
  ) {
    this.timer = setInterval(() => this.catchUp(), 10).unref();
  }

  /** Messages of this room that were stored, so far. */
  storedIn(roomId: string): number {
    return this.stored.get(roomId) ?? 0;
  }

  /** Resolves when so many more were stored in the room. */
  async more(roomId: string, count: number): Promise<void> {
    const enough = this.storedIn(roomId) + count;
    while (this.storedIn(roomId) < enough && this.fault === undefined)
      await new Promise<void>((resolve) => void this.waiting.add(resolve));
  }

  /** Throws if a send failed. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.sending);
    if (this.fault !== undefined) throw this.fault;
  }

  private catchUp(): void {
    const due = ((performance.now() - this.startedMs) / 1000) * this.sendsPerSecond;
    while (this.sent + this.missed < due) {
      if (this.sending.size < MOST_AT_ONCE) this.send();
      else this.missed += 1;
    }
  }

  private send(): void {
    const place = this.sent++;
    const sender = this.senders[place % this.senders.length];
    const roomId = this.roomIds[place % this.roomIds.length];
    if (!sender || roomId === undefined) return;
    const sending = this.recorder
      .send(sender, { roomId, text: 'traffic', clientId: `traffic-${place}` })
      .then(() => void this.stored.set(roomId, this.storedIn(roomId) + 1))
      .catch((error: unknown) => {
        this.fault = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.sending.delete(sending);
        for (const wake of this.waiting) wake();
        this.waiting.clear();
      });
    this.sending.add(sending);
  }
}
