import type { Cancel, Clock } from '../../../realtime/index.js';

/** Moments at which users are to be looked at again: one timer for all of them, set for the earliest. */
export class DueTimes {
  private readonly dueAtMs = new Map<string, number>();
  private armedAtMs = Infinity;
  private cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly onDue: (userId: string) => void,
  ) {}

  /** Replaces the moment that was set for the user. */
  set(userId: string, inMs: number): void {
    const dueAtMs = this.clock.monotonicMs() + inMs;
    this.dueAtMs.set(userId, dueAtMs);
    if (dueAtMs < this.armedAtMs) this.arm(dueAtMs);
  }

  delete(userId: string): void {
    this.dueAtMs.delete(userId);
  }

  private arm(atMs: number): void {
    this.cancel?.();
    this.armedAtMs = atMs;
    this.cancel = this.clock.after(atMs - this.clock.monotonicMs(), () => this.ring());
  }

  private ring(): void {
    const nowMs = this.clock.monotonicMs();
    const due: string[] = [];
    let next = Infinity;
    for (const [userId, atMs] of this.dueAtMs) {
      if (atMs <= nowMs) due.push(userId);
      else next = Math.min(next, atMs);
    }
    this.armedAtMs = Infinity;
    if (next < Infinity) this.arm(next);
    for (const userId of due) {
      this.dueAtMs.delete(userId);
      this.onDue(userId);
    }
  }
}
