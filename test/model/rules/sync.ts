import { roomsOf } from './rooms.js';
import { eventView, positionOf, roomView } from './views.js';
import { type Call, headOf, type ModelRoom, type Standing, type World } from './world.js';

interface SyncRequest {
  readonly rooms?: Readonly<Record<string, number>>;
  readonly rest?: 'none';
  readonly limit?: number;
  /** The epoch that the client says it has, if it says one, is this one. */
  readonly isOtherEpoch?: boolean;
  /** The tick of the answer that `since` is of. */
  readonly sinceTick?: number;
}

/** `room.sync`, with all its pages together. */
export const SYNC_RULES = {
  'room.sync': (world: World, { callerId, data }: Call) => {
    const { rooms: named = {}, ...request } = data as SyncRequest;
    const mine = roomsOf(world, callerId);
    const ids = new Set(mine.map(({ room }) => room.id));
    const sinceTick = request.sinceTick ?? Number.POSITIVE_INFINITY;
    return {
      rooms: mine.flatMap((standing) => news(standing, named[standing.room.id], request)),
      removed: Object.keys(named).filter((id) => !ids.has(id)),
      reads: mine
        .filter(({ member }) => member.changedAt > sinceTick)
        .map(({ room, member }) => ({ roomId: room.id, ...positionOf(room, member) })),
    };
  },
};

/** What is new in a room for a client that has its log up to `position`; undefined: it does not know the room. */
function news(
  { room, member }: Standing,
  position: number | undefined,
  { rest, limit = 50, isOtherEpoch = false }: SyncRequest,
): object[] {
  const head = headOf(room);
  const view = { room: roomView(room, member) };
  const newest = { ...view, events: eventsOf(room, Math.max(0, head - limit), head), hasMore: false };
  if (position === undefined) return rest === 'none' ? [] : [newest];
  if (isOtherEpoch || position > head) return [{ ...newest, reset: true }];
  if (position === head) return [];
  const until = Math.min(position + limit, head);
  return [{ ...view, events: eventsOf(room, position, until), hasMore: until < head }];
}

function eventsOf(room: ModelRoom, after: number, until: number) {
  return room.log.slice(after, until).map((event) => eventView(room, event));
}
