import { describe, expect, it } from '@jest/globals';
import { DeliveryWorld } from './delivery-world.js';

const ROOM = 'garden';

/** A node where ann has been pushed five events of a room; it loses all that the bus brings. */
async function deafNode(): Promise<DeliveryWorld> {
  const world = new DeliveryWorld(1, {
    lostPercent: 100,
    repeatedPercent: 0,
    delayMs: 0,
    readMs: 0,
    failingPercent: 0,
  });
  world.log.join(ROOM, 'ann');
  world.connect('ann');
  await world.settle();
  for (const text of ['one', 'two', 'three', 'four']) world.log.message(ROOM, text);
  await world.settle();
  return world;
}

const inMemory = (world: DeliveryWorld, after: number): unknown[] | undefined =>
  world.delivery.streams
    .get(ROOM)
    ?.recent(after, 10)
    ?.events.map(({ seq }) => seq);

describe('events that another node has dropped', () => {
  it('leave the memory of a node that was not told by the bus, and those above the floor stay', async () => {
    const world = await deafNode();
    expect(inMemory(world, 1)).toEqual([2, 3, 4, 5]);
    world.log.drop(ROOM, 3);
    await world.settle();
    expect(inMemory(world, 1)).toBeUndefined();
    expect(inMemory(world, 3)).toEqual([4, 5]);
  });
});
