import { Delivery } from '../../src/features/chat/stream/delivery.js';
import { MembershipChanges } from '../../src/features/chat/stream/index.js';
import { userChannel } from '../../src/features/chat/log/index.js';
import { OutboundFrame } from '../../src/realtime/index.js';
import { Chance } from './chance.js';
import { type BusFaults, FaultyBus } from './faulty-bus.js';
import { MemoryLog } from './memory-log.js';
import { MemoryNews } from './memory-news.js';
import { RecordedConnection } from './recorded-connection.js';
import { SlowTopics } from './slow-topics.js';
import { SteppedClock } from './stepped-clock.js';

export interface WorldFaults extends BusFaults {
  readonly readMs: number;
  readonly failingPercent: number;
}

/** A client's connection, with what `ready` told it. */
export interface Client {
  readonly connection: RecordedConnection;
  /** The heads that `ready` was read at; undefined before it. */
  heads: ReadonlyMap<string, number> | undefined;
  isGone: boolean;
}

/** One node's delivery between a log in memory and connections that record. */
export class DeliveryWorld {
  readonly clock = new SteppedClock();
  readonly log: MemoryLog;
  readonly bus: FaultyBus;
  readonly changes = new MembershipChanges();
  readonly troubles: unknown[] = [];
  readonly clients: Client[] = [];
  readonly delivery: Delivery;
  private readonly chance: Chance;

  constructor(seed: number, faults: WorldFaults) {
    this.chance = new Chance(seed);
    const { clock, chance } = this;
    this.bus = new FaultyBus(clock, chance, faults);
    this.log = new MemoryLog(clock, chance, this.bus, faults.readMs);
    this.log.failingPercent = faults.failingPercent;
    this.delivery = new Delivery({
      clock,
      bus: this.bus,
      log: this.log,
      news: new MemoryNews(this.log, chance),
      topics: new SlowTopics({ clock, chance }),
      membershipChanges: this.changes,
      onPosition: ({ userId }, { position }) => {
        const frame = new OutboundFrame('room.self', position);
        this.delivery.attachment.pushState(userId, position.roomId, 'room.self', frame);
      },
      onTrouble: (_roomId, error) => this.troubles.push(error),
    });
  }

  /** Opens a connection as the kernel does: attach, `ready`, attached. It is refused when the store is down. */
  connect(userId: string): Client {
    const connection = new RecordedConnection(`c${this.clients.length}`, userId);
    const client: Client = { connection, heads: undefined, isGone: false };
    this.clients.push(client);
    const { attachment } = this.delivery;
    attachment.attach(connection).then(
      () => {
        if (client.isGone) return;
        const memberships = attachment.user(userId)?.attaching.get(connection)?.memberships;
        client.heads = new Map(memberships?.rooms.map(({ roomId, head }) => [roomId, head]));
        attachment.attached(connection);
      },
      () => this.disconnect(client),
    );
    return client;
  }

  /** A member reads on by some device: the user's devices are told where they stand. */
  read(roomId: string, userId: string): void {
    if (!this.log.isMember(roomId, userId)) return;
    const readSeq = this.log.all(roomId).length;
    const position = { roomId, readSeq, unread: 0, mentions: 0, muted: false };
    this.bus.publish(userChannel(userId), { type: 'position', position, from: 'elsewhere', isAhead: true });
  }

  disconnect(client: Client): void {
    if (client.isGone) return;
    client.isGone = true;
    this.delivery.attachment.detached(client.connection, { code: 1006, reason: '' });
  }

  /** Lets everything that is under way come to its end, without further faults of the store. */
  async settle(): Promise<void> {
    this.log.failingPercent = 0;
    await this.clock.advance(15_000);
  }
}
