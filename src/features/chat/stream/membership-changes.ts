import type { Cancel } from '../../../realtime/index.js';
import type { MembershipChange } from './membership-change.js';

export type MembershipListener = (changes: readonly MembershipChange[]) => void;

export type MissedListener = (userIds: readonly string[]) => void;

/**
 * Tells who comes and goes in the rooms that have a connected member on this node, in the order of each room's log, right
 * after the event was pushed. For whatever must follow membership without asking the store: watches, for one.
 *
 * When this node learns late of a membership, its room may be followed since a later event for another user's sake. Then
 * who joined before that, and the user's own leaving, are told as soon as they were read, which may be after later changes.
 */
export class MembershipChanges {
  private readonly listeners = new Set<MembershipListener>();
  private readonly missedListeners = new Set<MissedListener>();

  /** Listens until cancelled. The listener must not throw. */
  observe(listener: MembershipListener): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  announce(changes: readonly MembershipChange[]): void {
    for (const listener of this.listeners) listener(changes);
  }

  /**
   * Listens until cancelled to who, of the users here, may have been in a room and have left it without a change that told of it.
   * Most of them have left as they were told. The listener must not throw.
   */
  observeMissed(listener: MissedListener): Cancel {
    this.missedListeners.add(listener);
    return () => this.missedListeners.delete(listener);
  }

  announceMissed(userIds: readonly string[]): void {
    for (const listener of this.missedListeners) listener(userIds);
  }
}
