import type { Cancel, Clock } from '../../../realtime/index.js';

/** What comes to a room within this time is gathered. */
const WINDOW_MS = 1000;

/** So many fill an event, and need not wait for more. */
const MOST_WAITING = 256;

interface Window<Waiting> {
  readonly waiting: Waiting[];
  readonly cancel: Cancel;
}

/**
 * Rooms that have just gathered joins and leaves in one event: for a second, what else comes waits there to be gathered
 * too. The first of a burst waits for nothing, the others for at most a second.
 */
export class GatheringWindows<Waiting> {
  private readonly windows = new Map<string, Window<Waiting>>();
  private count = 0;
  private isClosed = false;

  /** `release` is given what has waited in one room, in the order in which it came. */
  constructor(
    private readonly clock: Clock,
    private readonly release: (waiting: readonly Waiting[]) => void,
  ) {}

  /** How many wait. */
  get size(): number {
    return this.count;
  }

  /** Begins a second of the room, unless one is running. */
  open(roomId: string): void {
    if (this.isClosed || this.windows.has(roomId)) return;
    const cancel = this.clock.after(WINDOW_MS, () => this.end(roomId));
    this.windows.set(roomId, { waiting: [], cancel });
  }

  /** Lets it wait for the end of the room's second; false when none is running. */
  hold(roomId: string, one: Waiting): boolean {
    const window = this.windows.get(roomId);
    if (window === undefined) return false;
    this.count += 1;
    window.waiting.push(one);
    if (window.waiting.length >= MOST_WAITING) this.letGo(window.waiting.splice(0));
    return true;
  }

  /** Releases everything, and lets nothing wait from now on. */
  close(): void {
    this.isClosed = true;
    for (const { cancel } of this.windows.values()) cancel();
    for (const roomId of this.windows.keys()) this.end(roomId);
  }

  /** A room that goes on gathering begins its next second at once. */
  private end(roomId: string): void {
    const waiting = this.windows.get(roomId)?.waiting ?? [];
    this.windows.delete(roomId);
    if (waiting.length === 0) return;
    this.open(roomId);
    this.letGo(waiting);
  }

  private letGo(waiting: readonly Waiting[]): void {
    this.count -= waiting.length;
    this.release(waiting);
  }
}
