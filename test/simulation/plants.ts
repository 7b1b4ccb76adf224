import type { Batch, Outcome } from '../../src/features/chat/log/append/change.js';
import type { LogNews, News } from '../../src/features/chat/log/index.js';
import { LeaseTable } from '../../src/features/presence/leases/index.js';
import { type BusListener, type Cancel, OutboundFrame, TopicBus } from '../../src/realtime/index.js';
import type { Check } from './checks/broken.js';
import type { SimulatedNode } from './world/node.js';
import { StoreLink } from './world/store.js';
import { Tables } from './world/tables.js';
import type { Planted } from './world/world.js';

/** Something that is wrong on purpose, and what must find it. */
export interface Fault {
  readonly name: string;
  readonly checks: readonly Check[];
  readonly plant: Planted;
}

/** Stands in front of an object, and answers some of its calls otherwise. */
function instead<Target extends object>(target: Target, others: Partial<Target>): Target {
  return new Proxy(target, {
    get(inner, name) {
      const other: unknown = Reflect.get(others, name);
      const value: unknown = other ?? Reflect.get(inner, name, inner);
      return typeof value === 'function' ? (value as () => unknown).bind(inner) : value;
    },
  });
}

const NO_NEWS: News = { mark: 0, isWhole: true, heads: new Map(), floors: new Map(), members: [] };

/** What is looked for in the store, found otherwise. */
const finding = (news: News) => (inner: LogNews) => instead(inner, { since: () => Promise.resolve(news) });

/** What a node publishes or hears, changed on the way. */
class ChangedBus extends TopicBus {
  constructor(
    protected readonly bus: TopicBus,
    private readonly heard: (message: Message, channel: string) => object = (message) => message,
  ) {
    super();
  }

  publish(channel: string, message: object): void {
    this.bus.publish(channel, message);
  }

  async subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    return await this.bus.subscribe(channel, (message) => listener(this.heard(message as Message, channel)));
  }
}

interface Message {
  readonly roomId?: string;
  readonly seq?: number;
  readonly state?: object;
}

/** Every third message of a room gets lost before it is sent. */
class ForgetfulBus extends ChangedBus {
  private count = 0;

  override publish(channel: string, message: object): void {
    this.count += 1;
    if (!channel.startsWith('room:') || this.count % 3 > 0) super.publish(channel, message);
  }
}

/** Takes a user out of a room as soon as the bus says that they have left, wherever the room's stream is. */
function removeAtOnce(node: SimulatedNode, channel: string, { roomId, seq }: Required<Message>): void {
  const [event] = node.tables.events(roomId, seq - 1, seq);
  const user = node.delivery.attachment.user(channel.slice('user:'.length));
  if (event?.type !== 'member.left' || user === undefined) return;
  for (const [connection, { rooms }] of user.attached) {
    if (!rooms.delete(roomId)) continue;
    node.delivery.streams.get(roomId)?.topic.drop(connection);
    connection.pushFrame(new OutboundFrame('room.removed', { roomId, reason: 'left' }));
  }
}

class ForgetfulTables extends Tables {
  protected override sentBefore(): undefined {
    return undefined;
  }
}

/** A number that was taken for what was refused is not given again, as with a sequence of a database. */
class GappedTables extends Tables {
  override async append(batch: Batch): Promise<Outcome[]> {
    const outcomes = await super.append(batch);
    for (const [index, { outcome }] of outcomes.entries()) {
      const room = this.rooms.get(batch.changes[index]?.roomId ?? '');
      if (outcome === 'refused' && room !== undefined) room.row.head += 1;
    }
    return outcomes;
  }
}

class HastyLink extends StoreLink {
  override async append(batch: Batch): Promise<Outcome[]> {
    return await super.append(batch).catch(() => batch.changes.map(({ roomId }) => pretended(roomId)));
  }
}

function pretended(roomId: string): Outcome {
  return { outcome: 'stored', roomId, duplicate: false, events: [] };
}

class TurningLink extends StoreLink {
  override async append(batch: Batch): Promise<Outcome[]> {
    return (await super.append({ ...batch, changes: batch.changes.toReversed() })).toReversed();
  }
}

class EverlastingLeases extends LeaseTable {
  override prolong(lease: Parameters<LeaseTable['prolong']>[0]): boolean {
    const isHeld = super.prolong(lease);
    lease.expiresAtMs = Infinity;
    return isHeld;
  }
}

/** What each check is worth: a run of few hundred must find every one of these. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'messages of the bus are lost, and no comparison finds it',
    checks: ['head'],
    plant: {
      bus: (bus) => new ForgetfulBus(bus),
      news: finding(NO_NEWS),
      log: (log) => instead(log, { heads: () => Promise.resolve(new Map()) }),
    },
  },
  {
    name: 'a gap is never read',
    checks: ['head'],
    plant: { log: (log) => instead(log, { events: () => Promise.resolve([]) }) },
  },
  {
    name: 'a lost join is never compared',
    checks: ['head'],
    plant: { news: finding({ ...NO_NEWS, heads: undefined }) },
  },
  {
    name: "a removal takes effect at the bus's message",
    checks: ['order'],
    plant: {
      bus: (bus, node) =>
        new ChangedBus(bus, (message, channel) => {
          removeAtOnce(node, channel, message as Required<Message>);
          return message;
        }),
    },
  },
  {
    name: 'a push of the moment does not wait for its head',
    checks: ['leak'],
    plant: {
      bus: (bus) =>
        new ChangedBus(bus, ({ state, ...rest }) => (state ? { state: { ...state, head: 0 } } : rest)),
    },
  },
  {
    name: 'a repeated send is stored again',
    checks: ['stored once'],
    plant: { tables: () => new ForgetfulTables() },
  },
  {
    name: 'what was not stored is acknowledged',
    checks: ['stored once'],
    plant: { link: (access) => new HastyLink(access) },
  },
  { name: 'numbers are left out', checks: ['order'], plant: { tables: () => new GappedTables() } },
  {
    name: 'a batch is stored backwards',
    checks: ['real time'],
    plant: { link: (access) => new TurningLink(access) },
  },
  {
    name: 'the lease of a dead node is kept',
    checks: ['presence'],
    plant: { leaseTable: (time) => new EverlastingLeases(time) },
  },
  {
    name: 'users are not announced anew',
    checks: ['presence', 'never gone'],
    plant: {
      leases: (leases) =>
        instead(leases, { renew: () => Promise.resolve(true), onReturn: () => () => undefined }),
    },
  },
];
