/** How large rooms may become, and from where on they say less. */
export interface RoomSizes {
  /** A room of more members than this is large. At least 1, so that an empty room never is. */
  readonly largeMembers: number;
  /** No room has more members than this. At least 2: a direct room has two. */
  readonly maxMembers: number;
}

/** Rooms of whatever size, none of which is large. */
export const ANY_SIZE: RoomSizes = { largeMembers: Infinity, maxMembers: Infinity };

/** Whether a room of so many members says less. */
export function isLargeRoom(memberCount: number, { largeMembers }: RoomSizes): boolean {
  return memberCount > largeMembers;
}
