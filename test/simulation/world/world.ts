import { LeaseTable } from '../../../src/features/presence/leases/index.js';
import { Chance } from '../../stream/chance.js';
import { PresenceTruth } from '../checks/presence-truth.js';
import { Sends } from '../checks/sends.js';
import { Network } from './bus.js';
import { Device } from './device.js';
import { CALM, type Faults } from './faults.js';
import { type Plant, SimulatedNode } from './node.js';
import { PresenceRows } from './presence.js';
import { Tables } from './tables.js';
import { SimulatedTime } from './time.js';

export const USERS = ['ann', 'bob', 'cyd', 'dan', 'eve'] as const;
export const ROOMS = ['r1', 'r2', 'r3'] as const;
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  r1: ['ann', 'bob', 'cyd'],
  r2: ['bob', 'ann', 'cyd', 'dan'],
  r3: ['dan'],
};
/** Two users have two devices each. */
const OWNERS = [...USERS, 'ann', 'bob'];
const HOUR_MS = 3_600_000;

export interface Planted extends Plant {
  readonly tables?: () => Tables;
  readonly leaseTable?: (time: SimulatedTime) => LeaseTable;
}

/** Several nodes over one database and one bus, and the devices of their users; all that happens follows from the seed. */
export class World {
  readonly time = new SimulatedTime();
  readonly chance: Chance;
  readonly tables: Tables;
  readonly network: Network;
  readonly leaseTable: LeaseTable;
  readonly presenceRows = new PresenceRows();
  readonly sends = new Sends();
  readonly presence: PresenceTruth;
  readonly nodes: SimulatedNode[] = [];
  readonly devices: Device[];
  /** Frames that clients have read. */
  delivered = 0;
  /** Nodes that were asked to end and have not. */
  readonly ending = new Set<string>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    seed: number,
    readonly faults: Faults,
    readonly plant: Planted = {},
  ) {
    const { time } = this;
    this.chance = new Chance(seed);
    this.tables = plant.tables?.() ?? new Tables();
    this.network = new Network({ time, chance: this.chance, faults });
    this.leaseTable = plant.leaseTable?.(time) ?? new LeaseTable(time);
    this.presence = new PresenceTruth(this);
    this.tables.onMoved = (userId) => this.presence.moved(userId);
    this.devices = OWNERS.map((userId, index) => new Device(`d${index}`, userId, this));
  }

  /** Creates the rooms, before anything can go wrong. */
  async begin(nodes: number): Promise<void> {
    for (let count = 0; count < nodes; count += 1) this.bear();
    for (const roomId of ROOMS) {
      const [actorId = '', ...memberIds] = MEMBERS[roomId] ?? [];
      const creation = {
        change: 'create',
        roomId,
        actorId,
        memberIds,
        kind: 'channel',
        name: roomId,
      } as const;
      const terms = { topic: null, areMembersKnown: true, clientId: null };
      await this.tables.append({ nowMs: this.time.now(), changes: [{ ...creation, ...terms }] });
    }
    for (const device of this.devices) if (this.chance.happens(80)) this.connect(device);
  }

  /** Lets time pass; what broke meanwhile is thrown. */
  async pass(ms: number): Promise<void> {
    await this.time.advance(ms);
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** Takes along what nobody waits for: its failure fails the run. */
  background(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => (this.failure ??= { error }));
  }

  get living(): SimulatedNode[] {
    return this.nodes.filter(({ isAlive }) => isAlive);
  }

  bear(): SimulatedNode {
    const skewMs = this.chance.happens(30) ? this.chance.below(2 * HOUR_MS) - HOUR_MS : 0;
    const node = new SimulatedNode(`n${this.nodes.length + 1}`, this, skewMs);
    this.nodes.push(node);
    this.background(node.presence.start());
    return node;
  }

  kill(node: SimulatedNode): void {
    const lost = this.devices.filter(({ session }) => session?.node === node);
    node.kill();
    for (const device of lost) device.session = undefined;
  }

  /** As by SIGTERM. */
  stop(node: SimulatedNode): void {
    this.ending.add(node.id);
    this.background(node.stop().then(() => this.ending.delete(node.id)));
  }

  connect(device: Device, index = this.chance.below(16)): void {
    const { living } = this;
    const node = living[index % living.length];
    if (node !== undefined) device.connect(node);
  }

  /** Ends what goes wrong by chance, but for the bus, which is never more than a hint. */
  heal(): void {
    const { lostPercent, repeatedPercent, busMs } = this.faults;
    Object.assign(this.faults, CALM, { lostPercent, repeatedPercent, busMs });
    for (const node of this.nodes) node.heal();
    this.leaseTable.comeBack();
    if (this.living.length === 0) this.bear();
  }

  /** The clients come back and ask again for what they have no answer to; then nothing happens any more. */
  async settle(): Promise<void> {
    this.heal();
    // Longer than a commit that was begun while the database was slow.
    await this.pass(6000);
    for (const device of this.devices) if (this.chance.happens(75)) this.connect(device);
    await this.pass(300);
    for (const device of this.devices) if (this.chance.happens(50)) device.watch({ userIds: USERS });
    for (let round = 0; round < 2; round += 1) {
      for (const device of this.devices) device.resendUnanswered();
      await this.pass(1200);
    }
    await this.pass(20_000);
  }
}
