import {
  LostPosition,
  OutboundFrame,
  type PositionedFrame,
  type TopicSource,
} from '../../../../realtime/index.js';
import type { LogReader, RoomEvent } from '../../log/index.js';
import { isDropped } from './dropped-events.js';
import type { FrameCache } from './frame-cache.js';

/** At most this many cached frames leave in one page; a page from the log is bounded by its bytes. */
const CACHED_PAGE = 100;

/** The push of an event: the same bytes for everyone, pushed live or read again. */
export const frameOf = (event: RoomEvent): OutboundFrame => new OutboundFrame('room.event', event);

/** Reads the frames of one room again, for whoever is behind. */
export class RoomFrames implements TopicSource {
  private floor = 1;
  private readonly reading = new Map<string, Promise<readonly PositionedFrame[]>>();

  constructor(
    private readonly roomId: string,
    /** What the cache has from before was put there for an earlier stream, which did not see what was erased since. */
    private readonly start: number,
    private readonly log: LogReader,
    private readonly cache: FrameCache,
  ) {}

  /** Keeps the frame of an event that is being published, and forgets those whose words it erases. */
  remember(event: RoomEvent, frame: OutboundFrame): void {
    const erased = erasedSeq(event);
    if (erased !== undefined) this.cache.forgetMessage(this.roomId, erased);
    this.cache.put(this.roomId, event.seq, frame, shownSeq(event));
  }

  /** Forgets the frames of events that were dropped from the log, and those that show their messages. */
  drop(from: number, until: number): void {
    this.floor = Math.max(this.floor, until + 1);
    for (let seq = from; seq <= until; seq += 1) this.cache.forgetMessage(this.roomId, seq);
  }

  /** Gives nothing from below the floor any more. False if that is known here already. */
  raiseFloor(floor: number): boolean {
    if (floor <= this.floor) return false;
    this.floor = floor;
    return true;
  }

  async read(_topic: string, after: number, until: number): Promise<readonly PositionedFrame[]> {
    const cached = this.cached(after, until);
    return cached.length > 0 ? cached : await this.readOnce(after, until);
  }

  /** The frames of a stretch that are in memory, up to the first one that is not. */
  cached(after: number, until: number, limit: number = CACHED_PAGE): PositionedFrame[] {
    const frames: PositionedFrame[] = [];
    if (after < this.start || after + 1 < this.floor) return frames;
    const last = Math.min(until, after + limit);
    for (let position = after + 1; position <= last; position += 1) {
      const frame = this.cache.get(this.roomId, position);
      if (frame === undefined) break;
      frames.push({ position, frame });
    }
    return frames;
  }

  /** Many who fell behind at the same place share one read. What is read is not cached: it may be erased meanwhile. */
  private readOnce(after: number, until: number): Promise<readonly PositionedFrame[]> {
    const key = `${after} ${until}`;
    const running = this.reading.get(key);
    if (running !== undefined) return running;
    const reading = this.readLog(after, until).finally(() => this.reading.delete(key));
    this.reading.set(key, reading);
    return reading;
  }

  private async readLog(after: number, until: number): Promise<readonly PositionedFrame[]> {
    const events = await this.log.events(this.roomId, after, until);
    if (events[0]?.seq !== after + 1 && (await isDropped(this.log, this.roomId, after + 1))) {
      throw new LostPosition(this.roomId, after);
    }
    return events.map((event) => ({ position: event.seq, frame: frameOf(event) }));
  }
}

function erasedSeq(event: RoomEvent): number | undefined {
  if (event.type === 'message.deleted') return event['messageSeq'] as number;
  return event.type === 'message.edited' ? shownSeq(event) : undefined;
}

/** The message that the event shows. */
export function shownSeq({ type, message }: RoomEvent): number | undefined {
  if (type !== 'message' && type !== 'message.edited') return undefined;
  return (message as { readonly seq: number }).seq;
}
