import type { Reading } from '../leases/index.js';

/** What others can read of a user. */
export type VisibleStatus = 'online' | 'away' | 'dnd' | 'offline';

/** What a user can choose; others see `invisible` as `offline`. */
export type ChosenStatus = 'online' | 'away' | 'dnd' | 'invisible';

/** A user's presence, as the wire has it. Only to themselves is a user ever `invisible`. */
export interface Presence {
  readonly userId: string;
  readonly status: VisibleStatus | 'invisible';
  /** `null` when there is none, and while the user is offline. */
  readonly text: string | null;
  /** When others last saw the user; `null` while they do, and when they never did. */
  readonly lastSeenAt: string | null;
}

/** What a user chose. */
export interface PresenceChoice {
  readonly status: ChosenStatus;
  readonly text: string | null;
  /** Wall time at which the choice ends; null: when it is changed. */
  readonly untilMs: number | null;
}

/** Everything that a user's presence follows from. */
export interface PresenceFacts extends Reading {
  readonly userId: string;
  readonly choice: PresenceChoice | undefined;
  readonly lastSeenMs: number | null;
}

/** What everyone reads of a user whom they may not see, whether there is one or not. */
export const hidden = (userId: string): Presence => ({
  userId,
  status: 'offline',
  text: null,
  lastSeenAt: null,
});

/** Whether others can be told the truth: whether a user is connected is not known at all times. */
export const isTellable = (facts: PresenceFacts, nowMs: number): boolean =>
  facts.liveness !== 'unknown' || choiceAt(facts, nowMs).status === 'invisible';

/** What those read who share a room with the user, given that it can be told. */
export function seenByOthers(facts: PresenceFacts, nowMs: number): Presence {
  const { status, text } = choiceAt(facts, nowMs);
  if (facts.liveness === undefined || status === 'invisible') return gone(facts);
  return { userId: facts.userId, status: statusOf(facts.liveness, status), text, lastSeenAt: null };
}

function gone({ userId, lastSeenMs }: PresenceFacts): Presence {
  return { ...hidden(userId), lastSeenAt: lastSeenMs === null ? null : new Date(lastSeenMs).toISOString() };
}

/** What users read of themselves. */
export function seenBySelf(facts: PresenceFacts, nowMs: number): Presence {
  const choice = choiceAt(facts, nowMs);
  if (choice.status !== 'invisible') return seenByOthers(facts, nowMs);
  return { userId: facts.userId, status: 'invisible', text: choice.text, lastSeenAt: null };
}

const NO_CHOICE: PresenceChoice = { status: 'online', text: null, untilMs: null };

function choiceAt({ choice = NO_CHOICE }: PresenceFacts, nowMs: number): PresenceChoice {
  const isOver = choice.untilMs !== null && choice.untilMs <= nowMs;
  return isOver ? NO_CHOICE : choice;
}

function statusOf(liveness: Reading['liveness'], chosen: Exclude<ChosenStatus, 'invisible'>): VisibleStatus {
  return chosen === 'online' && liveness === 'idle' ? 'away' : chosen;
}
