import fc from 'fast-check';
import type { RequestName } from './rules/index.js';

/** How often each request is drawn, relative to the others; what is not here is never drawn. */
const WEIGHTS = {
  'room.create': 3,
  'room.get': 2,
  'room.list': 2,
  'room.discover': 3,
  'room.members': 2,
  'room.update': 4,
  'room.archive': 3,
  'room.join': 6,
  'room.leave': 4,
  'room.add': 6,
  'room.remove': 8,
  'room.unban': 3,
  'room.role': 7,
  'room.silence': 9,
  'room.mute': 3,
  'message.send': 40,
  'message.edit': 9,
  'message.delete': 7,
  'message.react': 9,
  'message.unreact': 5,
  'message.pin': 6,
  'message.unpin': 3,
  'message.read': 10,
  'message.receipts': 4,
  'message.get': 2,
  'message.pins': 3,
  'message.history': 6,
  'message.search': 4,
  'user.block': 3,
  'user.unblock': 3,
  'user.blocks': 1,
  'room.sync': 6,
  reconnect: 3,
  disconnect: 2,
} satisfies Record<RequestName | 'reconnect' | 'disconnect', number>;

/** Every request that is drawn. */
export const REQUEST_NAMES = Object.keys(WEIGHTS).filter((name) => name.includes('.'));

export type StepName = keyof typeof WEIGHTS;

/**
 * A step as it is drawn: numbers that are made sense of when it is its turn, so that a shrunk sequence stays one. Steps
 * name users, rooms and messages by such numbers, and `variant` chooses among the forms of a request.
 */
export interface Step {
  readonly name: StepName;
  readonly by: number;
  readonly device: number;
  readonly room: number;
  readonly who: number;
  readonly place: number;
  readonly variant: number;
  readonly words: readonly number[];
}

const stepName = fc.oneof(
  ...Object.entries(WEIGHTS).map(([name, weight]) => ({
    weight,
    arbitrary: fc.constant(name as StepName),
  })),
);

/** Sequences of steps. */
export const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      name: stepName,
      by: fc.nat(3),
      device: fc.nat(1),
      room: fc.nat(5),
      who: fc.nat(4),
      place: fc.nat(60),
      variant: fc.nat(23),
      words: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
    }),
    { maxLength, size: 'max' },
  );
