import { Injectable } from '@nestjs/common';
import { LogReader } from '../../log/index.js';

/** A read that has not begun. */
interface Gathering {
  readonly roomIds: Set<string>;
  readonly heads: Promise<ReadonlyMap<string, number>>;
}

/**
 * The heads of rooms as the store has them now: those that are asked for in one turn of the event loop, or while a read is
 * under way, are one read.
 */
@Injectable()
export class CurrentHeads {
  private gathering: Gathering | undefined;
  private reading: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: LogReader) {}

  /** The room's head at a moment after the call; undefined when there is no such room. */
  async of(roomId: string): Promise<number | undefined> {
    this.gathering ??= this.gather();
    this.gathering.roomIds.add(roomId);
    return (await this.gathering.heads).get(roomId);
  }

  private gather(): Gathering {
    const roomIds = new Set<string>();
    const heads = this.reading.then(async () => {
      this.gathering = undefined;
      return await this.log.heads([...roomIds]);
    });
    this.reading = heads.catch(() => undefined);
    return { roomIds, heads };
  }
}
