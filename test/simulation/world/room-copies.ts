import type { RoomEvent } from '../../../src/features/chat/log/index.js';

/** The node that a device reads from. */
interface ReadingNode {
  readonly log: { events(roomId: string, after: number, until: number): Promise<readonly RoomEvent[]> };
  readonly clock: { sleep(ms: number): Promise<void> };
}

/** What a device has of one room: everything after `floor`, when it is quiet. */
interface RoomCopy {
  readonly floor: number;
  readonly seqs: Set<number>;
}

const FAILED_READ_MS = 200;

/** What a device keeps of its rooms from one connection to the next. */
export class RoomCopies {
  private readonly rooms = new Map<string, RoomCopy>();
  /** The rooms of which the device is still reading what it missed. */
  readonly reading = new Set<string>();

  enter(roomId: string, floor: number): void {
    if (!this.rooms.has(roomId)) this.rooms.set(roomId, { floor, seqs: new Set() });
  }

  leave(roomId: string): void {
    this.rooms.delete(roomId);
  }

  take(roomId: string, seq: number): void {
    this.rooms.get(roomId)?.seqs.add(seq);
  }

  forgetReads(): void {
    this.reading.clear();
  }

  /** The first `seq` up to `head` that is missing; 0: the whole room is; undefined: nothing is. */
  missing(roomId: string, head: number): number | undefined {
    const copy = this.rooms.get(roomId);
    if (copy === undefined) return 0;
    for (let seq = copy.floor + 1; seq <= head; seq += 1) if (!copy.seqs.has(seq)) return seq;
    return undefined;
  }

  /** After `ready`, reads what the device missed of the rooms it knows, as `room.sync` would give it. */
  async sync(node: ReadingNode, isOpen: () => boolean, heads: ReadonlyMap<string, number>): Promise<void> {
    for (const roomId of this.rooms.keys()) if (!heads.has(roomId)) this.rooms.delete(roomId);
    for (const [roomId, head] of heads) {
      this.enter(roomId, head);
      this.reading.add(roomId);
    }
    for (const [roomId, head] of heads) {
      const copy = this.rooms.get(roomId);
      const isWanted = (): boolean => isOpen() && this.rooms.get(roomId) === copy;
      if (copy !== undefined) await this.readOn(node, isWanted, { roomId, head, copy });
      if (!isOpen()) return;
      this.reading.delete(roomId);
    }
  }

  private async readOn(
    node: ReadingNode,
    isWanted: () => boolean,
    { roomId, head, copy }: { roomId: string; head: number; copy: RoomCopy },
  ): Promise<void> {
    while (isWanted()) {
      const after = (this.missing(roomId, head) ?? head + 1) - 1;
      if (after >= head) return;
      const events = await node.log.events(roomId, after, head).catch(() => undefined);
      if (!isWanted()) return;
      if (events === undefined) await node.clock.sleep(FAILED_READ_MS);
      for (const { seq } of events ?? []) copy.seqs.add(seq);
    }
  }
}
