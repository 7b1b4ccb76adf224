import type { Cancel, Clock } from '../../../realtime/index.js';

/** An entry ends by itself this long after the user last said so. */
export const TYPING_MS = 6000;

/** Who is typing in which room, as far as this node was told. */
export class Typists {
  private readonly rooms = new Map<string, Map<string, Cancel>>();

  /** `onExpired` is called when an entry has ended by itself. */
  constructor(
    private readonly clock: Clock,
    private readonly onExpired: (roomId: string) => void,
  ) {}

  /** Those typing in a room, the one who began first first. */
  in(roomId: string): string[] {
    return [...(this.rooms.get(roomId)?.keys() ?? [])];
  }

  /** Takes note that the user is typing; false when that was known, and is now known for longer. */
  begin(roomId: string, userId: string): boolean {
    const room = this.rooms.get(roomId) ?? new Map<string, Cancel>();
    this.rooms.set(roomId, room);
    const known = room.get(userId);
    known?.();
    room.set(
      userId,
      this.clock.after(TYPING_MS, () => this.expire(roomId, userId)),
    );
    return known === undefined;
  }

  /** False when the user was not typing there. */
  end(roomId: string, userId: string): boolean {
    const room = this.rooms.get(roomId);
    const cancel = room?.get(userId);
    cancel?.();
    room?.delete(userId);
    if (room?.size === 0) this.rooms.delete(roomId);
    return cancel !== undefined;
  }

  clear(): void {
    for (const room of this.rooms.values()) for (const cancel of room.values()) cancel();
    this.rooms.clear();
  }

  private expire(roomId: string, userId: string): void {
    if (this.end(roomId, userId)) this.onExpired(roomId);
  }
}
