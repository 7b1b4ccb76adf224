import { Injectable } from '@nestjs/common';
import { SharedWrites } from './shared-writes.js';

/** Something that has bytes due at the end of this turn of the event loop. */
export interface Flushable {
  flush(): void;
}

/** After so long the event loop gets to do something else before the others are flushed. */
const MAX_TURN_MS = 5;
/** So many are flushed between two looks at the clock. */
const FLUSHED_AT_ONCE = 16;

/** Flushes, once a turn of the event loop, whatever asked for it during the turn, in the order in which they asked. */
@Injectable()
export class FlushQueue {
  private due: Flushable[] = [];
  /** What those that are flushed together share. */
  readonly writes = new SharedWrites();

  add(flushable: Flushable): void {
    if (this.due.length === 0) setImmediate(this.flushSome);
    this.due.push(flushable);
  }

  private readonly flushSome = (): void => {
    // What is asked for meanwhile is for the next turn.
    const due = this.due.slice();
    const endMs = performance.now() + MAX_TURN_MS;
    let flushed = 0;
    do {
      const next = due.slice(flushed, flushed + FLUSHED_AT_ONCE);
      for (const flushable of next) flushable.flush();
      flushed += next.length;
    } while (flushed < due.length && performance.now() < endMs);
    this.writes.clear();
    this.due = this.due.slice(flushed);
    if (this.due.length > 0) setImmediate(this.flushSome);
  };
}
