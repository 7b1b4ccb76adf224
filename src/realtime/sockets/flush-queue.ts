import { Injectable } from '@nestjs/common';
import { SharedWrites } from './shared-writes.js';

/** Something that has bytes due at the end of this turn of the event loop. */
export interface Flushable {
  flush(): void;
}

/** Flushes, once a turn of the event loop, whatever asked for it during the turn. */
@Injectable()
export class FlushQueue {
  private due: Flushable[] = [];
  /** What those that are flushed together share. */
  readonly writes = new SharedWrites();

  add(flushable: Flushable): void {
    if (this.due.length === 0) setImmediate(this.flushAll);
    this.due.push(flushable);
  }

  private readonly flushAll = (): void => {
    const due = this.due;
    this.due = [];
    for (const flushable of due) flushable.flush();
    this.writes.clear();
  };
}
