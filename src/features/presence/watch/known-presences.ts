import { type Cancel, type Clock, OutboundFrame } from '../../../realtime/index.js';
import { hidden, type Presence, type PresenceFacts, seenByOthers, seenBySelf } from '../state/index.js';

/** A presence as it is compared and pushed: encoded once for all who are shown it. */
export interface Shown {
  readonly presence: Presence;
  readonly json: string;
  readonly frame: OutboundFrame;
}

interface Known {
  readonly others: Shown;
  readonly self: Shown;
  readonly cancelEnd: Cancel | undefined;
}

/** What this node last read of the users that are watched on it. */
export class KnownPresences {
  private readonly known = new Map<string, Known>();

  /** `onOver` is told when a user's choice ends. */
  constructor(
    private readonly clock: Clock,
    private readonly onOver: (userId: string) => void,
  ) {}

  has(userId: string): boolean {
    return this.known.has(userId);
  }

  take(facts: PresenceFacts): void {
    const nowMs = this.clock.now();
    this.forget(facts.userId);
    this.known.set(facts.userId, {
      others: shownOf(seenByOthers(facts, nowMs)),
      self: shownOf(seenBySelf(facts, nowMs)),
      cancelEnd: this.awaitEnd(facts, nowMs),
    });
  }

  forget(userId: string): void {
    this.known.get(userId)?.cancelEnd?.();
    this.known.delete(userId);
  }

  /** What the viewer reads of the user, given that the two share a room (one does with oneself). */
  seenBy(viewerId: string, userId: string): Shown {
    const known = this.known.get(userId);
    if (known === undefined) return shownOf(hidden(userId));
    return viewerId === userId ? known.self : known.others;
  }

  private awaitEnd({ userId, choice }: PresenceFacts, nowMs: number): Cancel | undefined {
    const untilMs = choice?.untilMs ?? 0;
    if (untilMs <= nowMs) return undefined;
    return this.clock.after(untilMs - nowMs, () => this.onOver(userId));
  }
}

export function shownOf(presence: Presence): Shown {
  const frame = new OutboundFrame('presence.changed', presence);
  return { presence, json: JSON.stringify(presence), frame };
}
