import type { RoomStatePush } from '../../rooms/index.js';

/** More keys than this wait for no room that works; the oldest one goes. */
const MAX_KEYS = 64;

/** Makes this the newest of the kept ones, of each key the last. */
export function keepLast<Kept>(kept: Map<string, Kept>, key: string, last: Kept): void {
  kept.delete(key);
  kept.set(key, last);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEYS && oldest !== undefined) kept.delete(oldest);
}

type State = RoomStatePush['state'];

/** State pushes that were made at a head which this node has not reached yet: the last one of each key. */
export class HeldStates {
  private readonly states = new Map<string, State>();

  hold(state: State): void {
    keepLast(this.states, state.key, state);
  }

  get isEmpty(): boolean {
    return this.states.size === 0;
  }

  /** Takes out those that may be delivered at `position`. */
  due(position: number): State[] {
    if (this.states.size === 0) return [];
    const due = [...this.states.values()].filter((state) => state.head <= position);
    for (const state of due) this.states.delete(state.key);
    return due;
  }
}
