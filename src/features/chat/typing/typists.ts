import type { Cancel, Clock } from '../../../realtime/index.js';

/** An entry ends by itself this long after the user last said so. */
export const TYPING_MS = 6000;

/** A user who is typing. */
export interface Typist {
  readonly userId: string;
  /** When they began, by the clock of the node that they told first. */
  readonly sinceMs: number;
}

interface Entry {
  readonly sinceMs: number;
  readonly cancel: Cancel;
}

/** Who is typing in which room, as far as this node was told, by users or by other nodes. */
export class Typists {
  private readonly rooms = new Map<string, Map<string, Entry>>();

  /** `onExpired` is called when an entry has ended by itself. */
  constructor(
    private readonly clock: Clock,
    private readonly onExpired: (roomId: string) => void,
  ) {}

  /** Those typing in a room, the one who began first first: in the same order on every node that was told of the same ones. */
  in(roomId: string): string[] {
    return [...(this.rooms.get(roomId) ?? [])].toSorted(inOrder).map(([userId]) => userId);
  }

  /** Since when the user has been typing there; undefined when they are not. */
  since(roomId: string, userId: string): number | undefined {
    return this.rooms.get(roomId)?.get(userId)?.sinceMs;
  }

  /** Takes note that the user is typing; false when that was known, and is now known for longer. */
  begin(roomId: string, { userId, sinceMs }: Typist): boolean {
    const room = this.rooms.get(roomId) ?? new Map<string, Entry>();
    this.rooms.set(roomId, room);
    const known = room.get(userId);
    known?.cancel();
    room.set(userId, {
      sinceMs: Math.min(known?.sinceMs ?? sinceMs, sinceMs),
      cancel: this.clock.after(TYPING_MS, () => this.expire(roomId, userId)),
    });
    return known === undefined;
  }

  /** False when the user was not typing there. */
  end(roomId: string, userId: string): boolean {
    const room = this.rooms.get(roomId);
    const known = room?.get(userId);
    known?.cancel();
    room?.delete(userId);
    if (room?.size === 0) this.rooms.delete(roomId);
    return known !== undefined;
  }

  clear(): void {
    for (const room of this.rooms.values()) for (const { cancel } of room.values()) cancel();
    this.rooms.clear();
  }

  private expire(roomId: string, userId: string): void {
    if (this.end(roomId, userId)) this.onExpired(roomId);
  }
}

function inOrder([oneId, one]: [string, Entry], [otherId, other]: [string, Entry]): number {
  if (one.sinceMs !== other.sinceMs) return one.sinceMs - other.sinceMs;
  return oneId < otherId ? -1 : 1;
}
