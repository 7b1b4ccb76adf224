/** How expensive a password hash is (argon2id). */
export interface PasswordHashing {
  /** Memory of one hash in KiB. */
  readonly memoryKiB: number;
  /** Passes over that memory. */
  readonly passes: number;
  /** How many hashes run at once on this node; the rest wait their turn. */
  readonly concurrency: number;
}

/** Another identity provider, whose access tokens are taken like our own. */
export interface ForeignIssuer {
  /** Its `iss`, to the letter. */
  readonly issuer: string;
  /** Where its public keys are: the only address that is ever asked for keys. */
  readonly jwksUrl: string;
  /** The audience that its tokens must name. */
  readonly audience: string;
  /** The claim that a new user's username is made from. */
  readonly usernameClaim: string;
  /** The claim that the display name follows. */
  readonly nameClaim: string;
}

/** The settings of accounts, sessions and tokens. */
export interface AuthSettings {
  /** Life of an access token in seconds. */
  readonly accessTokenTtlS: number;
  /** Life of a refresh token in seconds; each refresh starts it anew. */
  readonly refreshTokenTtlS: number;
  /** Whether `POST /auth/register` makes accounts; `false`: it answers 403. */
  readonly isRegistrationOpen: boolean;
  /** Whether `user.find` finds users by the beginning of their names; `false`: it answers `FORBIDDEN`. */
  readonly isDirectoryOpen: boolean;
  /** Largest answer with a list, in bytes; at least one item is always given. */
  readonly maxAnswerBytes: number;
  /** The `iss` of access tokens: the service's public address, or a name of its own. */
  readonly issuer: string;
  /** Logins per minute, for each address and for each name, in bursts of twice that; registrations likewise. 0: no limit, nor any delay after failures. */
  readonly loginsPerMinute: number;
  /** A file with the JWK set of the signing keys; default and `null`: they are in the database. */
  readonly signingKeysFile?: string | null;
  /** Default and `null`: only our own tokens are taken. */
  readonly foreignIssuer?: ForeignIssuer | null;
  /** Defaults to OWASP's advice: 19 MiB, 2 passes, 2 at once. */
  readonly passwordHashing?: PasswordHashing;
}

/** Injects the `AuthSettings`. */
export const AUTH_SETTINGS = Symbol('AuthSettings');
