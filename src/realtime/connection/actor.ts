/** A person, acting in one of their sessions (or in none, when a job acts for them). */
export interface UserActor {
  readonly kind: 'user';
  readonly userId: string;
  readonly sessionId: string | null;
}

/** The service itself: its events carry `actorId: null`, and no right is checked. */
export interface ServiceActor {
  readonly kind: 'service';
  readonly userId: null;
  readonly sessionId: null;
}

/** Who asks. Services take an actor, never a connection. */
export type Actor = UserActor | ServiceActor;

export const SERVICE: ServiceActor = Object.freeze({ kind: 'service', userId: null, sessionId: null });
