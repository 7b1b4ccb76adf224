import fc from 'fast-check';
import type { SyncUser } from './sync-world.js';
import { headOf, type ModelRoom } from './sync-model.js';

/** Something that happens; `room` and `place` are taken modulo what there is. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly room: number;
  readonly place: number;
  readonly size: number;
}

const KINDS = [
  'send',
  'send',
  'send',
  'send own',
  'edit',
  'erase',
  'join',
  'leave',
  'read',
  'mute',
  'flush',
  'create',
  'create',
  'create outside',
  'drop',
  'follow',
  'lose',
  'wait',
  'wait long',
] as const;

export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  room: fc.nat(9),
  place: fc.nat(30),
  size: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) }, fc.constant(900)),
});

type Act = (user: SyncUser, room: ModelRoom, step: Step) => void | Promise<void>;

const ACTS: Record<Step['kind'], Act> = {
  send: async (user, room, { size }) => user.send(room, false, 'x'.repeat(size)),
  'send own': async (user, room, { size }) => user.send(room, true, 'o'.repeat(size)),
  edit: async (user, room, { place, size }) => {
    const seq = standingMessage(room, place);
    if (seq !== undefined && !user.hasSent(room, seq)) await user.edit(room, seq, `e${place}`.repeat(size));
  },
  erase: async (user, room, { place }) => {
    const seq = standingMessage(room, place);
    if (seq !== undefined) await user.erase(room, seq);
  },
  join: async (user, room) => user.join(room),
  leave: async (user, room) => user.leave(room),
  read: (user, room, { place }) => user.read(room, 1 + (place % headOf(room))),
  mute: async (user, room) => user.mute(room),
  flush: async (user) => user.flush(),
  create: async (user, _room, { place }) => {
    const room = await user.create(true);
    if (place % 3 > 0) user.follow(room);
  },
  'create outside': async (user) => void (await user.create(false)),
  drop: async (user, room, { place }) => user.drop(room, 1 + (place % headOf(room))),
  follow: (user, room) => user.follow(room),
  lose: (user) => void (user.isBusLossy = !user.isBusLossy),
  wait: async ({ world }, _room, { place }) => world.clock.advance(place),
  'wait long': async ({ world }, _room, { place }) => world.clock.advance(place * 700),
};

/** One that an edit would be taken for. */
function standingMessage({ texts, floor }: ModelRoom, place: number): number | undefined {
  const standing = [...texts].filter(([seq, text]) => seq >= floor && text !== '');
  return standing[place % Math.max(1, standing.length)]?.[0];
}

export async function play(user: SyncUser, steps: readonly Step[]): Promise<void> {
  for (const one of steps) {
    if (user.rooms.size === 0) await user.create(true);
    const room = [...user.rooms.values()][one.room % user.rooms.size];
    if (room) await ACTS[one.kind](user, room, one);
  }
}

/** What a client says of one room: nothing, a place in its log, or one beyond its head. */
export interface RequestPlan {
  readonly names: readonly (number | null)[];
  readonly strangers: number;
  readonly epoch: 'this' | 'another' | 'unsaid';
  readonly isRestWanted: boolean;
  readonly limit: number;
  readonly maxBytes: number;
}

export const requestPlan: fc.Arbitrary<RequestPlan> = fc.record({
  names: fc.array(fc.option(fc.nat(40), { freq: 4 }), { minLength: 10, maxLength: 10 }),
  strangers: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, fc.constant(30)),
  epoch: fc.constantFrom('this', 'this', 'unsaid', 'another'),
  isRestWanted: fc.boolean(),
  limit: fc.integer({ min: 1, max: 8 }),
  maxBytes: fc.oneof(fc.integer({ min: 1024, max: 4000 }), fc.constant(262_144)),
});

/** The `rooms` of a request: up to two places beyond each head. */
export function namedIn(rooms: ReadonlyMap<string, ModelRoom>, plan: RequestPlan): Map<string, number> {
  const named = new Map<string, number>();
  for (const [index, room] of [...rooms.values()].entries()) {
    const place = plan.names[index % plan.names.length];
    if (place !== null && place !== undefined) named.set(room.id, place % (headOf(room) + 3));
  }
  for (let count = 0; count < plan.strangers; count += 1) named.set(`no-such-room-${count}`, count);
  return named;
}
