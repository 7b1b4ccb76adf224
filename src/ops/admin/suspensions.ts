/** Shuts users out and lets them in again; who does that is handed to the module. */
export abstract class Suspensions {
  /** Refuses the user from now on and closes what is open. Throws `NOT_FOUND`: no such user. */
  abstract suspend(userId: string): Promise<void>;
  /** Lets the user in again. Throws `NOT_FOUND`: no such user. */
  abstract unsuspend(userId: string): Promise<void>;
}
