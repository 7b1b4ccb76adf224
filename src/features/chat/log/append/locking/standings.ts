import type { Change, CreateRoom } from '../change.js';

/** Whose standing in which room a change asks about. */
export function standingsOf(change: Change): [roomId: string, userId: string][] {
  if (change.change === 'create') return [];
  const others = othersOf(change);
  const userIds = change.actorId === null ? others : [change.actorId, ...others];
  return userIds.map((userId) => [change.roomId, userId]);
}

function othersOf(change: Exclude<Change, CreateRoom>): readonly string[] {
  if ('namedIds' in change) return change.namedIds;
  if ('userIds' in change) return change.userIds;
  return 'userId' in change ? [change.userId] : [];
}
