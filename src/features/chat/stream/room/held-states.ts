import type { RoomStatePush } from '../../rooms/index.js';

/** More keys than this wait for no room that works; the oldest one goes. */
const MAX_KEYS = 64;

type State = RoomStatePush['state'];

/** State pushes that were made at a head which this node has not reached yet: the last one of each key. */
export class HeldStates {
  private readonly states = new Map<string, State>();

  hold(state: State): void {
    this.states.delete(state.key);
    this.states.set(state.key, state);
    const [oldest] = this.states.keys();
    if (this.states.size > MAX_KEYS && oldest !== undefined) this.states.delete(oldest);
  }

  /** Takes out those that may be delivered at `position`. */
  due(position: number): State[] {
    if (this.states.size === 0) return [];
    const due = [...this.states.values()].filter((state) => state.head <= position);
    for (const state of due) this.states.delete(state.key);
    return due;
  }
}
