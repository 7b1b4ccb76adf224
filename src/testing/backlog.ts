import type { Json, ReceivedFrame } from './frames.js';

/** How many frames a time-out's message lists. */
const LISTED_FRAMES = 20;
const LISTED_CHARACTERS = 160;

type Accepts = (frame: ReceivedFrame) => boolean;

interface Waiter {
  readonly accepts: Accepts;
  take(frame: ReceivedFrame): void;
  fail(error: Error): void;
}

/** Frames that nobody has asked for yet, and those who wait for one. */
export class Backlog {
  private readonly frames: ReceivedFrame[] = [];
  private readonly seen: ReceivedFrame[] = [];
  private readonly waiters = new Set<Waiter>();
  private ended: Error | undefined;

  add(frame: ReceivedFrame): void {
    this.seen.push(frame);
    for (const waiter of this.waiters) {
      if (!waiter.accepts(frame)) continue;
      this.waiters.delete(waiter);
      waiter.take(frame);
      return;
    }
    this.frames.push(frame);
  }

  /** What arrived and was not taken, oldest first. */
  waiting(event?: string): readonly ReceivedFrame[] {
    return this.frames.filter((frame) => event === undefined || frame.event === event);
  }

  /** Takes the oldest frame of the event that fits, now or within the time. */
  async take(event: string, fits: (data: Json) => boolean, timeoutMs: number): Promise<ReceivedFrame> {
    const accepts: Accepts = (frame) => frame.event === event && fits(frame.data);
    const index = this.frames.findIndex(accepts);
    const [frame] = index < 0 ? [] : this.frames.splice(index, 1);
    if (frame !== undefined) return frame;
    if (this.ended !== undefined) throw this.timeout(event, this.ended.message);
    return await this.arrival(event, accepts, timeoutMs);
  }

  /** Nothing arrives any more. */
  end(reason: string): void {
    this.ended = new Error(reason);
    for (const waiter of this.waiters) waiter.fail(this.ended);
    this.waiters.clear();
  }

  private arrival(event: string, accepts: Accepts, timeoutMs: number): Promise<ReceivedFrame> {
    return new Promise((resolve, reject) => {
      const give = (reason: string): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        reject(this.timeout(event, reason));
      };
      const timer = setTimeout(() => give(`within ${timeoutMs} ms`), timeoutMs);
      const waiter: Waiter = {
        accepts,
        take: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
        fail: (error) => give(error.message),
      };
      this.waiters.add(waiter);
    });
  }

  private timeout(event: string, reason: string): Error {
    const lines = this.seen.slice(-LISTED_FRAMES).map((frame) => {
      const isTaken = !this.frames.includes(frame);
      return `  ${isTaken ? 'taken' : '     '} ${JSON.stringify(frame).slice(0, LISTED_CHARACTERS)}`;
    });
    const arrived = lines.length === 0 ? 'nothing arrived' : `what arrived last:\n${lines.join('\n')}`;
    return new Error(`no ${event} that fits arrived (${reason}); ${arrived}`);
  }
}
