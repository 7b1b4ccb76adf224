import { MESSAGE_RULES } from './messages.js';
import { READING_RULES } from './reading.js';
import { ROOM_RULES } from './rooms.js';
import { SYNC_RULES } from './sync.js';
import { type Call, type ModelPush, Refusal, type World } from './world.js';

export { roomsOf } from './rooms.js';
export { SOME_TIME } from './views.js';
export {
  type Call,
  createWorld,
  type ModelMessage,
  type ModelPush,
  type ModelRoom,
  type World,
} from './world.js';

type Rule = (world: World, call: Call) => object;

const RULES = { ...ROOM_RULES, ...MESSAGE_RULES, ...READING_RULES, ...SYNC_RULES };

/** The requests that there are rules for. */
export type RequestName = keyof typeof RULES;

/** What the contract says of one request: how it is answered, and what it pushes to whom. */
export interface Verdict {
  readonly answer: { readonly code: string } | { readonly reply: object };
  readonly pushes: readonly ModelPush[];
}

/** Answers a request by the rules, and changes the world accordingly. */
export function judge(world: World, name: RequestName, call: Call): Verdict {
  const rule: Rule = RULES[name];
  try {
    const reply = rule(world, call);
    return { answer: { reply }, pushes: world.pushes.splice(0) };
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    world.pushes.length = 0;
    return { answer: { code: refusal.code }, pushes: [] };
  }
}
