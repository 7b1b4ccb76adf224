import type {
  Attached,
  Breach,
  FaultHistory,
  FaultRecord,
  Pushed,
  StoredEvent,
  Synced,
} from './fault-history.js';

/** From the own `member.joined` to the own `member.left`, both included; the last one may still last. */
type Membership = readonly [from: number, until: number];

/**
 * C4 over reconnects: a room's log is 1, 2, 3 …; a connection's events of a room follow one another; and a client that goes on with
 * `room.sync` has in the end all events of its user's memberships, those of one that lasts up to the head. C6: an event outside of
 * them is given to nobody, and nothing of a room after its `room.removed`.
 */
export function checkResumedStreams({ records, logs }: FaultHistory): Breach[] {
  const memberships = new Memberships(logs);
  const clients = new Map<string, ClientStreams>();
  const byConnection = new Map<string, ConnectionStreams>();
  const breaches = [...logs].flatMap(([room, log]) => checkLog(room, log));
  for (const record of records) {
    if (record.kind === 'attach') {
      const client = clients.get(record.client) ?? new ClientStreams(record, memberships);
      clients.set(record.client, client);
      client.isAttached = true;
      byConnection.set(record.connection, new ConnectionStreams(record, client));
    }
    const streams = 'connection' in record ? byConnection.get(record.connection) : undefined;
    if (streams) breaches.push(...streams.take(record));
  }
  return [...breaches, ...[...clients.values()].flatMap((client) => client.missing(logs))];
}

function checkLog(room: string, log: readonly StoredEvent[]): Breach[] {
  const wrong = log.findIndex(({ seq }, index) => seq !== index + 1);
  return wrong < 0
    ? []
    : [{ check: 'C4', message: `${room}: ${log[wrong]?.seq} stands at place ${wrong + 1} of the log` }];
}

/** Who was in which room, by its log. */
class Memberships {
  private readonly known = new Map<string, Membership[]>();

  constructor(logs: FaultHistory['logs']) {
    for (const [room, log] of logs) for (const event of log) this.note(room, event);
  }

  of(user: string, room: string): readonly Membership[] {
    return this.known.get(`${user} ${room}`) ?? [];
  }

  private note(room: string, { type, userId, seq }: StoredEvent): void {
    const key = `${userId} ${room}`;
    const memberships = this.known.get(key) ?? [];
    this.known.set(key, memberships);
    if (type === 'member.joined') memberships.push([seq, Infinity]);
    const last = memberships.at(-1);
    if (type === 'member.left' && last) memberships[memberships.length - 1] = [last[0], seq];
  }
}

/** What one device was given over all its connections. */
class ClientStreams {
  isAttached = false;
  private readonly given = new Map<string, Set<number>>();

  constructor(
    private readonly attached: Attached,
    readonly memberships: Memberships,
  ) {}

  get user(): string {
    return this.attached.user;
  }

  give(room: string, seqs: readonly number[]): void {
    const given = this.given.get(room) ?? new Set();
    this.given.set(room, given);
    for (const seq of seqs) given.add(seq);
  }

  /** These say nothing of what was before them: the membership ended while the client had not caught up. */
  excuse(room: string, seqs: readonly number[]): void {
    for (const seq of seqs) this.given.get(room)?.delete(seq);
  }

  missing(logs: FaultHistory['logs']): Breach[] {
    const ofRoom = (room: string, seqs: ReadonlySet<number>): Breach[] =>
      this.memberships.of(this.user, room).flatMap((membership) => {
        const hole = this.holeIn(membership, seqs, logs.get(room)?.length ?? 0);
        return hole === undefined
          ? []
          : [{ check: 'C4', message: `${this.attached.client} of ${this.user} in ${room}: lacks ${hole}` }];
      });
    return [...this.given].flatMap(([room, seqs]) => ofRoom(room, seqs));
  }

  /** Who was away at the end of a membership has what was before, and no more. */
  private holeIn([from, until]: Membership, seqs: ReadonlySet<number>, head: number): number | undefined {
    const own = [...seqs].filter((seq) => seq >= from && seq <= until);
    // A client that never heard of a membership that lasts has been told of it at its last sync.
    const isLasting = until === Infinity && this.isAttached;
    if (own.length === 0) return isLasting && head >= from ? head : undefined;
    const first = Math.min(...own);
    const last = isLasting ? head : Math.max(...own);
    for (let seq = first; seq <= last; seq++) if (!seqs.has(seq)) return seq;
    return undefined;
  }
}

/** What one connection was given. */
class ConnectionStreams {
  private readonly places = new Map<string, { position: number | undefined; state: 'in' | 'left' | 'out' }>();

  /** Pushed since the client came, or came into the room. */
  private readonly pushed = new Map<string, number[]>();
  private readonly gone = new Set<string>();

  constructor(
    private readonly attached: Attached,
    private readonly client: ClientStreams,
  ) {}

  take(record: FaultRecord): Breach[] {
    if (record.kind === 'detach') this.client.isAttached = false;
    if (record.kind === 'synced') return this.takeSynced(record);
    if (record.kind === 'gone') this.takeGone(record.room);
    if (!isPush(record)) return [];
    const breaches = record.kind === 'event' ? this.takeEvent(record) : this.takeOther(record);
    return breaches.map(({ check, message }) => ({
      check,
      message: `${this.attached.connection} of ${this.attached.user} in ${record.room}: ${message}`,
      t: record.t,
    }));
  }

  private takeSynced({ room, seqs, t }: Synced & { t: number }): Breach[] {
    const end = Math.max(
      0,
      ...this.client.memberships.of(this.attached.user, room).map(([, until]) => until),
    );
    this.client.give(room, seqs);
    const beyond = seqs.find((seq) => seq > end);
    if (beyond === undefined) return [];
    return [
      { check: 'C6', message: `${this.attached.connection} synced ${beyond} of ${room}, not theirs`, t },
    ];
  }

  /** The answer and the last pushes of the room come in any order. */
  private takeGone(room: string): void {
    this.gone.add(room);
    this.client.excuse(room, this.pushed.get(room) ?? []);
  }

  private give(room: string, seq: number): void {
    this.pushed.set(room, [...(this.pushed.get(room) ?? []), seq]);
    this.client.give(room, [seq]);
    if (this.gone.has(room)) this.client.excuse(room, [seq]);
  }

  private enter(room: string, position: number): void {
    this.places.set(room, { position, state: 'in' });
    this.gone.delete(room);
    this.pushed.delete(room);
  }

  private takeEvent({ room, seq }: Pushed): Breach[] {
    const place = this.places.get(room);
    const own = this.client.memberships.of(this.attached.user, room);
    const isTheirs = own.some(([from, until]) => seq >= from && seq <= until);
    const hasLeft = own.some(([, until]) => until === seq);
    this.places.set(room, { position: seq, state: hasLeft ? 'left' : 'in' });
    this.give(room, seq);
    return [
      ...unless(
        isTheirs && (place === undefined || place.state === 'in'),
        'C6',
        `was given ${seq}, not theirs`,
      ),
      ...unless(
        place?.position === undefined || seq === place.position + 1,
        'C4',
        `was given ${seq} after ${place?.position}`,
      ),
    ];
  }

  private takeOther({ kind, room, seq, name = 'a push' }: Pushed): Breach[] {
    const place = this.places.get(room);
    if (kind === 'added') this.enter(room, seq - 1);
    if (kind === 'removed') this.places.set(room, { position: undefined, state: 'out' });
    if (kind === 'removed') return unless(place?.state === 'left', 'C4', 'was removed without member.left');
    if (kind === 'ephemeral')
      return unless(
        place === undefined || place.state === 'in',
        'C6',
        `was given ${name} of a room not theirs`,
      );
    return [];
  }
}

const isPush = (record: FaultRecord): record is Pushed & { t: number } =>
  ['event', 'added', 'removed', 'ephemeral'].includes(record.kind);

function unless(isKept: boolean, check: 'C4' | 'C6', message: string): Omit<Breach, 't'>[] {
  return isKept ? [] : [{ check, message }];
}
