import fc from 'fast-check';
import type { Device } from './world/device.js';
import type { Faults } from './world/faults.js';
import type { SimulatedNode } from './world/node.js';
import { ROOMS, USERS, type World } from './world/world.js';

type Perform = (world: World, first: number, second: number) => unknown;

/** What can happen, each with one or two numbers: places in the lists of devices, rooms, users and nodes, or milliseconds. */
const PERFORM = {
  send: (world, device, room) => deviceOf(world, device).send(roomOf(room)),
  resend: (world, device, send) => deviceOf(world, device).resend(send),
  push: (world, device, room) => deviceOf(world, device).push(roomOf(room)),
  join: (world, device, room) =>
    change(world, deviceOf(world, device), { change: 'join', roomId: roomOf(room) }),
  leave: (world, device, room) =>
    change(world, deviceOf(world, device), { change: 'leave', roomId: roomOf(room) }),
  add: (world, room, user) => byOwner(world, room, { change: 'add', userIds: [userOf(user)] }),
  remove: (world, room, user) =>
    byOwner(world, room, { change: 'remove', userId: userOf(user), isBan: false, isUserKnown: true }),
  watchUser: (world, device, user) => deviceOf(world, device).watch({ userIds: [userOf(user)] }),
  watchRoom: (world, device, room) => deviceOf(world, device).watch({ roomId: roomOf(room) }),
  watchBoth: (world, device, room) =>
    deviceOf(world, device).watch({ roomId: roomOf(room), userIds: [userOf(device + room)] }),
  connect: (world, device, node) => world.connect(deviceOf(world, device), node),
  disconnect: (world, device) => deviceOf(world, device).disconnect(),
  kill: (world, node) => withNode(world, node, (one) => world.kill(one)),
  stop: (world, node) => withNode(world, node, (one) => world.stop(one)),
  bear: (world) => world.living.length < MOST_NODES && world.bear(),
  stand: (world, node, ms) => withNode(world, node, (one) => one.standStill(ms)),
  cut: (world, node, ms) => withNode(world, node, (one) => one.endpoint.cutOff(ms)),
  leasesGo: (world) => world.leaseTable.goAway(),
  leasesReturn: (world) => world.leaseTable.comeBack(),
  leasesEmpty: (world) => world.leaseTable.flush(),
  wait: (world, ms) => world.pass(ms),
} as const satisfies Readonly<Record<string, Perform>>;

/** One step of a run, as data, so that a failing run can be read and made smaller. */
export type Step = readonly [name: keyof typeof PERFORM, first: number, second: number];

export interface Scenario {
  readonly seed: number;
  readonly nodes: number;
  readonly faults: Faults;
  readonly steps: readonly Step[];
}

export async function perform(world: World, [name, first, second]: Step): Promise<void> {
  await (PERFORM[name] as Perform)(world, first, second);
}

const MOST_NODES = 4;
const DEVICES = fc.nat(6);
const NODES = fc.nat(MOST_NODES - 1);
const SPANS = fc.constantFrom(300, 3000, 20_000);
const room = fc.nat(ROOMS.length - 1);
const user = fc.nat(USERS.length - 1);
const nothing = fc.constant(0);

const steps = (
  weight: number,
  names: readonly Step[0][],
  numbers: readonly [fc.Arbitrary<number>, fc.Arbitrary<number>],
): fc.WeightedArbitrary<Step> => ({ weight, arbitrary: fc.tuple(fc.constantFrom(...names), ...numbers) });

const step: fc.Arbitrary<Step> = fc.oneof(
  steps(12, ['send'], [DEVICES, room]),
  steps(5, ['join', 'leave'], [DEVICES, room]),
  steps(3, ['push'], [DEVICES, room]),
  steps(2, ['add', 'remove'], [room, user]),
  steps(2, ['watchRoom', 'watchBoth'], [DEVICES, room]),
  steps(2, ['watchUser'], [DEVICES, user]),
  steps(2, ['resend'], [DEVICES, fc.nat(5)]),
  steps(4, ['connect'], [DEVICES, NODES]),
  steps(2, ['disconnect'], [DEVICES, nothing]),
  steps(2, ['kill', 'stop', 'bear'], [NODES, nothing]),
  steps(1, ['stand', 'cut'], [NODES, SPANS]),
  steps(1, ['leasesGo', 'leasesReturn', 'leasesEmpty'], [nothing, nothing]),
  steps(10, ['wait'], [fc.nat(60), nothing]),
  steps(1, ['wait'], [fc.nat(4000), nothing]),
);

const percent = (...values: number[]): fc.Arbitrary<number> => fc.constantFrom(0, ...values);

const faults: fc.Arbitrary<Faults> = fc.record({
  lostPercent: percent(10, 30, 90),
  repeatedPercent: percent(20),
  busMs: fc.constantFrom(2, 60),
  storeMs: fc.constantFrom(2, 30),
  failedReadPercent: percent(15),
  failedCommitPercent: percent(15),
  unknownCommitPercent: percent(15),
  failedLeasePercent: percent(15),
  slowCommitPercent: percent(0, 0, 30),
});

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.noShrink(fc.integer()),
  nodes: fc.integer({ min: 2, max: MOST_NODES }),
  faults,
  steps: fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
});

type OwnersChange =
  | { readonly change: 'add'; readonly userIds: readonly string[] }
  | { readonly change: 'remove'; readonly userId: string; readonly isBan: false; readonly isUserKnown: true };

/** Whoever owns the room asks for it, if they are connected. */
function byOwner(world: World, room: number, asked: OwnersChange): void {
  const roomId = roomOf(room);
  const ownerId = world.tables.owner(roomId);
  const device = world.devices.find(({ userId, isReady }) => userId === ownerId && isReady);
  device?.change({ ...asked, roomId, actorId: device.userId });
}

function change(
  _world: World,
  device: Device,
  asked: { readonly change: 'join' | 'leave'; readonly roomId: string },
): void {
  device.change({ ...asked, actorId: device.userId });
}

function withNode(world: World, index: number, act: (node: SimulatedNode) => void): void {
  const { living } = world;
  const node = living[index % living.length];
  if (node !== undefined) act(node);
}

function deviceOf({ devices }: World, index: number): Device {
  return devices[index % devices.length] as Device;
}

const roomOf = (index: number): string => ROOMS[index % ROOMS.length] as string;
const userOf = (index: number): string => USERS[index % USERS.length] as string;
