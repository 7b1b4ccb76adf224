/** Presence's settings, in milliseconds. */
export interface PresenceSettings {
  /** How long a closed connection still counts, so that a quick reconnect makes no noise; 0: not at all. */
  readonly graceMs: number;
  /** A connection without a frame from its client for this long counts as away. */
  readonly idleMs: number;
}

/** Injects presence's `PresenceSettings`. */
export const PRESENCE_SETTINGS = Symbol('PresenceSettings');
