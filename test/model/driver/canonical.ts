import { SOME_TIME } from '../rules/index.js';
import type { Json } from './disagreement.js';

/** What the contract leaves open, made one: times, which the rules do not know, and the order of what has none. */

const TIMES = new Set(['at', 'createdAt', 'editedAt', 'deletedAt', 'archivedAt', 'joinedAt']);
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UNORDERED = new Set(['mentions', 'userIds']);

/** Of users, only what does not change. */
const USER = ['id', 'username', 'deletedAt'];
/** Of `room.added`, what the user's place in the log decides; the rest may be as it is by now. */
const ADDED = ['id', 'kind', 'head', 'floor', 'role', 'readSeq', 'unread', 'mentions', 'muted'];

/** The reply to a request, or a push, as it is compared. */
export function canonical(event: string, data: unknown): unknown {
  const plain = JSON.parse(JSON.stringify(data), (key, value: unknown) => revived(key, value)) as Json;
  return CHOSEN[event]?.(plain) ?? plain;
}

function revived(key: string, value: unknown): unknown {
  if (TIMES.has(key) && typeof value === 'string' && ISO_TIME.test(value)) return SOME_TIME;
  if (UNORDERED.has(key) && Array.isArray(value)) return (value as string[]).toSorted();
  return value;
}

const CHOSEN: Readonly<Record<string, (data: Json) => Json>> = {
  'room.added': ({ room }) => ({ room: pick(room as Json, ADDED) }),
  'room.discover': ({ rooms }) => ({ rooms: sorted((rooms as Json[]).map((room) => pick(room, ['id']))) }),
  'room.members': ({ members }) => ({
    members: (members as Json[]).map(({ user, ...rest }) => ({ ...rest, user: pick(user as Json, USER) })),
  }),
  'user.blocks': ({ users }) => ({ users: sorted((users as Json[]).map((user) => pick(user, USER))) }),
  // The order of hits is that of their rank.
  'message.search': ({ hits }) => ({ hits: sorted((hits as Json[]).map(({ message }) => ({ message }))) }),
  'room.sync': ({ rooms, removed, reads }) => ({
    rooms,
    removed: (removed as string[]).toSorted(),
    reads: sorted(reads as Json[]),
  }),
};

function pick(from: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.filter((key) => key in from).map((key) => [key, from[key]]));
}

function sorted(list: readonly Json[]): Json[] {
  const keyOf = (one: Json): string => {
    const { roomId, seq } = (one['message'] ?? one) as Json;
    return `${String(one['id'] ?? roomId)} ${String(seq)}`;
  };
  return list.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
