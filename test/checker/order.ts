import type { Entry, History, HistoryEvent, Violation } from './history.js';

/**
 * C4, order and completeness: the log of a room is 1, 2, 3 … without gaps; each connection is given its room's events
 * one after the other, from the head it was attached at or the user's own `member.joined` on, and in the end all.
 * C6, authorization: nothing of a room comes outside of the user's memberships, after the own `member.left` only
 * `room.removed`, and after that nothing.
 */
export function checkStreams({ entries, logs }: History): Violation[] {
  const violations = [...logs].flatMap(([room, log]) => checkLog(room, log));
  const connections = new Map<string, ConnectionStreams>();
  for (const entry of entries) {
    if (entry.kind === 'attach') connections.set(entry.connection, new ConnectionStreams(entry, logs));
    if (entry.kind === 'detach') connections.delete(entry.connection);
    if (isPush(entry)) violations.push(...(connections.get(entry.connection)?.take(entry) ?? [stray(entry)]));
  }
  // Whoever is still there has been given everything by now.
  return [...violations, ...[...connections.values()].flatMap((streams) => streams.missing())];
}

type Push = Extract<Entry, { kind: 'event' | 'added' | 'removed' | 'ephemeral' }>;

const isPush = (entry: Entry): entry is Push =>
  ['event', 'added', 'removed', 'ephemeral'].includes(entry.kind);

const stray = ({ connection, kind }: Push): Violation =>
  c6(`${connection} was given ${kind} without being attached`);
const c4 = (message: string): Violation => ({ check: 'C4', message });
const c6 = (message: string): Violation => ({ check: 'C6', message });

function checkLog(room: string, log: readonly HistoryEvent[]): Violation[] {
  const wrong = log.findIndex(({ seq }, index) => seq !== index + 1);
  return wrong < 0 ? [] : [c4(`${room}: ${log[wrong]?.seq} stands at place ${wrong + 1} of the log`)];
}

/** Where a connection stands in a room; `left`: at the own `member.left`, with `room.removed` still to come. */
type Place = { readonly state: 'in' | 'added' | 'left'; readonly position: number };

/** What one connection was given. */
class ConnectionStreams {
  private readonly places = new Map<string, Place>();

  constructor(
    private readonly attached: Extract<Entry, { kind: 'attach' }>,
    private readonly logs: History['logs'],
  ) {
    for (const [room, position] of Object.entries(attached.heads))
      this.places.set(room, { state: 'in', position });
  }

  take(push: Push): Violation[] {
    const place = this.places.get(push.room);
    const violations = this.check(push, place).map(({ check, message }) => ({
      check,
      message: `${this.attached.connection} of ${this.attached.user} in ${push.room}: ${message}`,
    }));
    this.move(push);
    return violations;
  }

  /** What a connection that is still attached was not given. */
  missing(): Violation[] {
    const { user, connection } = this.attached;
    return [...this.logs].flatMap(([room, log]) => {
      const { position } = this.places.get(room) ?? { position: 0 };
      if (!isMemberAt(log, user, log.length) || position === log.length) return [];
      return [c4(`${connection} of ${user} in ${room}: ended at ${position} of ${log.length}`)];
    });
  }

  private check(push: Push, place: Place | undefined): Violation[] {
    const isThere = place !== undefined && place.state !== 'left';
    switch (push.kind) {
      case 'added':
        return unless(place === undefined, c4('was added to a room that it is in'));
      case 'removed':
        return unless(place?.state === 'left', c4('was told of the removal without the own member.left'));
      case 'ephemeral':
        return unless(isThere, c6(`was given ${push.name} of a room that is not theirs`));
      case 'event':
        return this.checkEvent(push, isThere ? place : undefined);
    }
  }

  private checkEvent({ room, event }: Extract<Push, { kind: 'event' }>, place: Place | undefined) {
    const log = this.logs.get(room) ?? [];
    const { user } = this.attached;
    const isTheirs = place !== undefined && isMemberAt(log, user, event.seq);
    const isNext = place === undefined || event.seq === place.position + 1;
    const isOwnJoin = event.type === 'member.joined' && event.userId === user;
    return [
      ...unless(isTheirs, c6(`was given ${event.seq}, which is not theirs`)),
      ...unless(isNext, c4(`was given ${event.seq} after ${place?.position}`)),
      ...unless(
        place?.state !== 'added' || isOwnJoin,
        c4(`was given ${event.seq} before the own member.joined`),
      ),
      ...unless(isStored(log, event), c4(`was given another ${event.seq} than the log has`)),
    ];
  }

  private move(push: Push): void {
    const { room } = push;
    if (push.kind === 'added') this.places.set(room, { state: 'added', position: push.head - 1 });
    if (push.kind === 'removed') this.places.delete(room);
    if (push.kind !== 'event' || !this.places.has(room)) return;
    const { seq, type, userId } = push.event;
    const isOver = type === 'member.left' && userId === this.attached.user;
    this.places.set(room, { state: isOver ? 'left' : 'in', position: seq });
  }
}

const unless = (isKept: boolean, violation: Violation): Violation[] => (isKept ? [] : [violation]);

function isStored(log: readonly HistoryEvent[], { seq, type, userId }: HistoryEvent): boolean {
  const stored = log[seq - 1];
  return stored?.type === type && stored.userId === userId;
}

/** Whether an event at this place is for the user: from the own `member.joined` to the own `member.left`. */
function isMemberAt(log: readonly HistoryEvent[], user: string, seq: number): boolean {
  const own = log.filter((event) => event.userId === user && event.seq <= seq);
  const last = own.findLast(({ type }) => type === 'member.joined' || type === 'member.left');
  return last?.type === 'member.joined' || last?.seq === seq;
}
