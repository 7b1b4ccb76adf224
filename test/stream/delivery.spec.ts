import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { due, replay } from './delivery-checker.js';
import { DeliveryWorld, type WorldFaults } from './delivery-world.js';

const USERS = ['ann', 'bob', 'cyd', 'dan'];
const ROOMS = ['r1', 'r2', 'r3'];

const STORM: WorldFaults = {
  lostPercent: 20,
  repeatedPercent: 20,
  delayMs: 60,
  readMs: 40,
  failingPercent: 15,
};

/** Nothing that one node says reaches another. */
const SILENCE: WorldFaults = { ...STORM, lostPercent: 100 };

const userId = fc.constantFrom(...USERS);
const roomId = fc.constantFrom(...ROOMS);

/** One step of a history, as data, so that a failing history can be read. */
type Step =
  | readonly ['message', string]
  | readonly ['join' | 'leave' | 'remove' | 'read', string, string]
  | readonly ['change', string, readonly string[], readonly string[]]
  | readonly ['connect', string]
  | readonly ['disconnect', number]
  | readonly ['wait', number];

const tag = <Name extends string>(name: Name) => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(tag('message'), roomId) },
  { weight: 3, arbitrary: fc.tuple(tag('join'), roomId, userId) },
  { weight: 2, arbitrary: fc.tuple(tag('leave'), roomId, userId) },
  { weight: 1, arbitrary: fc.tuple(tag('remove'), roomId, userId) },
  { weight: 3, arbitrary: fc.tuple(tag('read'), roomId, userId) },
  { weight: 3, arbitrary: fc.tuple(tag('change'), roomId, fc.subarray(USERS), fc.subarray(USERS)) },
  { weight: 3, arbitrary: fc.tuple(tag('connect'), userId) },
  { weight: 2, arbitrary: fc.tuple(tag('disconnect'), fc.nat(20)) },
  { weight: 8, arbitrary: fc.tuple(tag('wait'), fc.nat(80)) },
  // Long enough for a comparison.
  { weight: 2, arbitrary: fc.tuple(tag('wait'), fc.nat(4000)) },
);

async function perform(world: DeliveryWorld, step: Step): Promise<void> {
  if (step[0] === 'change') return change(world, step);
  const [name, first, second] = step;
  if (name === 'wait') return await world.clock.advance(first);
  if (name === 'message') world.log.message(first, 'hi');
  else if (name === 'connect') world.connect(first);
  else if (name === 'disconnect') drop(world, first);
  else MEMBER_STEPS[name](world, first, second);
}

type MemberStep = (world: DeliveryWorld, roomId: string, userId: string) => void;

/** What one user does in a room, or has done to them. */
const MEMBER_STEPS: Record<'join' | 'leave' | 'remove' | 'read', MemberStep> = {
  join: ({ log }, room, user) => log.join(room, user),
  leave: ({ log }, room, user) => log.leave(room, user),
  remove: ({ log }, room, user) => log.leave(room, user, 'chief'),
  read: (world, room, user) => world.read(room, user),
};

/** Nobody is named twice in one event: who is to come does not go. */
function change(
  world: DeliveryWorld,
  [, room, joining, leaving]: Extract<Step, readonly ['change', ...unknown[]]>,
) {
  world.log.change(
    room,
    joining,
    leaving.filter((user) => !joining.includes(user)),
  );
}

function drop(world: DeliveryWorld, index: number): void {
  const client = world.clients[index];
  if (client !== undefined) world.disconnect(client);
}

async function history(seed: number, steps: readonly Step[], faults: WorldFaults): Promise<DeliveryWorld> {
  const world = new DeliveryWorld(seed, faults);
  for (const user of USERS) for (const room of ROOMS.slice(0, 2)) world.log.join(room, user);
  for (const next of steps) await perform(world, next);
  await world.settle();
  return world;
}

describe('delivery over a bus that loses, repeats and reorders', () => {
  it('gives every connection every event once and in order', async () => {
    let delivered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom(STORM, SILENCE),
        fc.array(step, { minLength: 30, maxLength: 120 }),
        async (seed, faults, steps) => {
          const world = await history(seed, steps, faults);
          const told = world.clients.map((client) => ({ client, positions: replay(world, client) }));
          const staying = told.filter(({ client }) => !client.isGone);
          expect(staying.map(({ positions }) => positions)).toEqual(
            staying.map(({ client }) => due(world, client)),
          );
          for (const { client } of told) delivered += client.connection.received.length;
        },
      ),
      { numRuns: Number(process.env['PARLEY_MODEL_RUNS'] ?? 400) },
    );
    expect(delivered).toBeGreaterThan(1000);
  }, 60_000);

  it('follows nothing any more once everyone has gone', async () => {
    const world = new DeliveryWorld(1, STORM);
    for (const room of ROOMS) world.log.join(room, 'ann');
    const client = world.connect('ann');
    await world.settle();
    expect(world.delivery.streams.size).toBe(ROOMS.length);
    world.disconnect(client);
    await world.settle();
    expect(world.delivery.streams.size).toBe(0);
    expect(world.delivery.attachment.user('ann')).toBeUndefined();
  });
});
