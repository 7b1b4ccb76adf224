import { type Columns, NEVER, OWN, READ, RUN, SAY, WRITE } from './verdicts.js';

/** What a request may name. */
export interface Named {
  /** A member below the admins. */
  readonly target: string;
  readonly newcomer: string;
  /** A message of the caller's, of one who never had one the target's. */
  readonly own: number;
  /** A message of the target's. */
  readonly other: number;
}

/** A request for a room, without its `roomId`. */
export interface Row {
  readonly event: string;
  /** Tells rows of one event apart. */
  readonly what: string;
  readonly data: (named: Named) => object;
  readonly columns: Columns;
}

function row(event: string, columns: Columns, data: Row['data'] = () => ({}), what = ''): Row {
  return { event, what, data, columns };
}

const own = ({ own: seq }: Named): object => ({ seq });
const other = ({ other: seq }: Named): object => ({ seq });
const target = ({ target: userId }: Named): object => ({ userId });

const EVERYONE = 'ok ok ok ok ok ok ok';

/** Of another's stream there is nothing to be told. */
const ANOTHERS: Columns = {
  ...NEVER,
  group: '-- -- -- no -- -- --',
  channel: '-- -- -- no no no no',
};

const ROOM_ROWS: readonly Row[] = [
  row('room.get', { ...READ, channel: EVERYONE, archivedChannel: EVERYONE }),
  row('room.members', READ),
  row('room.update', RUN, () => ({ topic: 'new' })),
  row('room.join', {
    ...WRITE,
    channel: 'ok ok ok ok ok no ok',
    archivedGroup: READ.archivedGroup,
    archivedChannel: 'ok ok ok ok no no no',
  }),
  row('room.add', { ...WRITE, channel: RUN.channel, direct: NEVER.direct }, ({ newcomer }) => ({
    userIds: [newcomer],
  })),
  row('room.silence', RUN, (named) => ({ ...target(named), seconds: 1 })),
  row('room.unban', RUN, target),
  row('room.role', OWN, (named) => ({ ...target(named), role: 'member' })),
  row('room.remove', RUN, target),
  row('room.remove', RUN, (named) => ({ ...target(named), ban: true }), 'for good'),
  row('room.mute', READ),
  row(
    'room.typing',
    { ...READ, archivedGroup: 'no no no no -- -- --', archivedChannel: 'no no no no -- -- --' },
    () => ({
      active: true,
    }),
  ),
  // Whoever is not in a channel has left it: nothing is written.
  row('room.leave', {
    ...WRITE,
    channel: EVERYONE,
    archivedChannel: 'no no no no ok ok ok',
    direct: NEVER.direct,
  }),
  // To archive again changes nothing.
  row('room.archive', { ...OWN, archivedGroup: OWN.group, archivedChannel: OWN.channel }),
];

const MESSAGE_ROWS: readonly Row[] = [
  row('message.send', SAY, () => ({ text: 'hi', clientId: 'a client id' })),
  row('message.stream.start', SAY, () => ({ clientId: 'a client id' })),
  row('message.streams', READ),
  row('message.edit', SAY, (named) => ({ ...own(named), text: 'ho' }), 'one’s own'),
  row('message.edit', NEVER, (named) => ({ ...other(named), text: 'ho' }), 'another’s'),
  row('message.react', WRITE, (named) => ({ ...other(named), emoji: '👍' })),
  row('message.unreact', WRITE, (named) => ({ ...other(named), emoji: '👍' })),
  row('message.pin', { ...RUN, direct: 'ok ok --' }, other),
  row('message.unpin', { ...RUN, direct: 'ok ok --' }, other),
  row('message.pins', READ),
  row('message.history', READ),
  row('message.history', READ, (named) => ({ threadSeq: named.other }), 'of a thread'),
  row('message.get', READ, other),
  row('message.search', READ, () => ({ query: 'words' })),
  row('message.read', READ, other),
  row('message.read', READ, (named) => ({ ...other(named), threadSeq: named.other }), 'in a thread'),
  row('message.receipts', READ, other),
  row('message.delete', { ...RUN, direct: 'ok ok --' }, other, 'another’s'),
  row('message.delete', WRITE, own, 'one’s own'),
];

/** Every request that names a room, and what whoever asks is told. */
export const ROWS: readonly Row[] = [
  ...ROOM_ROWS,
  ...MESSAGE_ROWS,
  row('presence.watch', READ),
  row('presence.unwatch', {
    group: EVERYONE,
    channel: EVERYONE,
    archivedGroup: EVERYONE,
    archivedChannel: EVERYONE,
    direct: 'ok ok ok',
  }),
];

/** Requests that name a stream, of the target's. */
export const STREAM_ROWS: readonly Row[] = [
  row('message.stream.get', READ),
  row('message.stream.append', ANOTHERS, () => ({ offset: 0, text: '' })),
  row('message.stream.end', ANOTHERS, () => ({ offset: 0 })),
  row('message.stream.abort', RUN),
];

/** Requests that are for everyone, since they name no room; what they tell of rooms has tests of its own below. */
export const OF_NO_ROOM: readonly string[] = ['room.create', 'room.list', 'room.discover', 'room.sync'];
