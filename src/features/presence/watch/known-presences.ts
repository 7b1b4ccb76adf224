import { type Clock, OutboundFrame } from '../../../realtime/index.js';
import type { Reading } from '../leases/index.js';
import { isTellable, type Presence, type PresenceFacts, seenByOthers, seenBySelf } from '../state/index.js';
import { DueTimes } from './due-times.js';

/** A presence as it is compared and pushed: encoded once for all who are shown it. */
export interface Shown {
  readonly presence: Presence;
  readonly json: string;
  readonly frame: OutboundFrame;
}

interface Known {
  /** Undefined while it cannot be told. */
  readonly others: Shown | undefined;
  readonly self: Shown;
  readonly liveness: Reading['liveness'];
  /** Whether a node that has gone left word of when the user is gone as well. */
  readonly isLeaving: boolean;
  /** Counts the readings of this node: an older one does not replace a newer one. */
  readonly version: number;
}

/** What this node last read of the users that are watched on it. */
export class KnownPresences {
  private readonly known = new Map<string, Known>();
  private readonly due: DueTimes;

  /** `onOver` is told when a user's choice ends, or is no longer held to be connected. */
  constructor(
    private readonly clock: Clock,
    onOver: (userId: string) => void,
  ) {
    this.due = new DueTimes(clock, onOver);
  }

  has(userId: string): boolean {
    return this.known.has(userId);
  }

  /** Whether the reading says another thing of a known user than the facts did. */
  isOutdatedBy(userId: string, { liveness, leftMs }: Reading): boolean {
    const known = this.known.get(userId);
    if (known === undefined) return false;
    return known.liveness !== liveness || known.isLeaving !== (leftMs !== undefined);
  }

  /** Takes facts that were asked for as the reading of this version. */
  take(facts: PresenceFacts, version: number): void {
    const { userId, liveness, leftMs } = facts;
    if ((this.known.get(userId)?.version ?? 0) > version) return;
    const nowMs = this.clock.now();
    this.known.set(userId, {
      others: isTellable(facts, nowMs) ? shownOf(seenByOthers(facts, nowMs)) : undefined,
      self: shownOf(seenBySelf(facts, nowMs)),
      liveness,
      isLeaving: leftMs !== undefined,
      version,
    });
    this.awaitEnd(facts, nowMs);
  }

  forget(userId: string): void {
    this.known.delete(userId);
    this.due.delete(userId);
  }

  /**
   * What the viewer reads of the user, given that the two share a room (one does with oneself); undefined while that cannot
   * be told.
   */
  seenBy(viewerId: string, userId: string): Shown | undefined {
    const known = this.known.get(userId);
    if (known === undefined) return undefined;
    return viewerId === userId ? known.self : known.others;
  }

  private awaitEnd({ userId, choice, leftMs = Infinity }: PresenceFacts, nowMs: number): void {
    const choiceMs = (choice?.untilMs ?? 0) - nowMs;
    const inMs = Math.min(leftMs, choiceMs > 0 ? choiceMs : Infinity);
    if (inMs < Infinity) this.due.set(userId, inMs);
    else this.due.delete(userId);
  }
}

export function shownOf(presence: Presence): Shown {
  const frame = new OutboundFrame('presence.changed', presence);
  return { presence, json: JSON.stringify(presence), frame };
}
