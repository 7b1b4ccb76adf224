import type { Principal } from '../../../realtime/index.js';

/** Finds out who is behind a credential. */
export abstract class Authenticator {
  /** The principal of an access token. `UNAUTHENTICATED`: the token or its session is not valid; `FORBIDDEN`: suspended. */
  abstract byAccessToken(token: string): Promise<Principal>;
}
