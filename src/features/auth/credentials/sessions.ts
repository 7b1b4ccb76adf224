import type { UserActor } from '../../../realtime/index.js';

/** What a session is opened with that no login opens. */
export interface SessionTerms {
  /** What the user reads in `auth.sessions`, as `userAgent`; cut at 256 characters. */
  readonly label: string;
  /** Wall time in milliseconds; `null`: it ends when it is revoked. */
  readonly expiresAtMs: number | null;
}

/**
 * Sessions for credentials of a team's own. Such a session is as any other: it is in the user's `auth.sessions`, ends with
 * `auth.revoke` and with a changed password, and its connections close on every node when it ends (4401). It has no tokens:
 * an `@Authenticates()` guard says which requests are of it.
 */
export abstract class Sessions {
  /**
   * Opens one for the actor's user, and returns its id once it is stored. `UNAUTHENTICATED` when the actor's own session has ended
   * meanwhile, or the user is gone.
   */
  abstract open(actor: UserActor, terms: SessionTerms): Promise<string>;

  /** Ends one of the user's sessions and closes its connections; `NOT_FOUND` if the user has none of that id. */
  abstract revoke(session: { readonly userId: string; readonly sessionId: string }): Promise<void>;
}
