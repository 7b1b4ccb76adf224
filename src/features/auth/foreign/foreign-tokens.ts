import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt, errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { Clock, RealtimeError } from '../../../realtime/index.js';
import { isId, isWellFormed, lengthOf } from '../accounts/names.js';
import { AUTH_SETTINGS, type AuthSettings, type ForeignIssuer } from '../auth.settings.js';
import { digestOf } from '../tokens/opaque-token.js';
import { FOREIGN_ALGORITHMS } from './issuer-key-set.js';
import { IssuerKeys } from './issuer-keys.js';

/** Whom a foreign access token speaks for. Times are wall time in milliseconds. */
export interface ForeignToken {
  readonly issuer: string;
  readonly subject: string;
  readonly sessionId: string;
  /** The session is all that the user does with one client, for want of a `sid`: a later login takes it up again. */
  readonly isResumable: boolean;
  /** The client at the provider, '' if the token names none. */
  readonly client: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** What the claims of the names hold, as they are. */
  readonly username: unknown;
  readonly displayName: unknown;
}

/** How far the clocks of two services may be apart. */
export const FOREIGN_LEEWAY_MS = 30_000;
/** No older token is taken, so that a revocation need not be remembered for longer. */
export const OLDEST_TOKEN_MS = 30 * 86_400_000;

const MS_PER_S = 1_000;
const LONGEST_TOKEN = 8_192;
const LONGEST_TEXT = 255;
/** A thumbprint only names a certificate. `jwk`, `jku`, `x5u`, `x5c`, `crit` and all that may come after them are refused. */
const HEADERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'x5t', 'x5t#S256']);
/** RFC 9068 asks for `at+jwt`, many providers say `JWT` or nothing; every other kind of token has a type of its own. */
const TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);
/** Claims of tokens that are for a client, not for a service; and of those that only their holder's key makes good. */
const ALIEN_CLAIMS = ['at_hash', 'c_hash', 's_hash', 'events', 'cnf'];

/** Verifies the access tokens of the foreign issuer, by RFC 8725. */
@Injectable()
export class ForeignTokens {
  readonly #trusted: ForeignIssuer | null;

  constructor(
    private readonly keys: IssuerKeys,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) { foreignIssuer }: AuthSettings,
  ) {
    this.#trusted = foreignIssuer ?? null;
  }

  /** Whether the token says that it is the foreign issuer's. That chooses its judge, and is no judgement. */
  claims(token: string): boolean {
    if (this.#trusted === null || token.length > LONGEST_TOKEN) return false;
    try {
      return decodeJwt(token).iss === this.#trusted.issuer;
    } catch {
      return false;
    }
  }

  /** Rejects with `UNAUTHENTICATED`, whatever the fault, and with `UNAVAILABLE` while the key cannot be had. */
  async verify(token: string): Promise<ForeignToken> {
    try {
      if (this.#trusted === null) throw new errors.JWTInvalid('no foreign issuer is trusted');
      return tokenOf(await this.#payload(token, this.#trusted), this.#trusted);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new RealtimeError('UNAUTHENTICATED', 'the access token is not valid', { cause: error });
    }
  }

  async #payload(token: string, { issuer, audience }: ForeignIssuer): Promise<JWTPayload> {
    const { payload } = await jwtVerify(
      token,
      async (header: JWTHeaderParameters) => this.keys.find(plainHeader(header)),
      {
        algorithms: FOREIGN_ALGORITHMS,
        issuer,
        audience,
        clockTolerance: FOREIGN_LEEWAY_MS / MS_PER_S,
        maxTokenAge: OLDEST_TOKEN_MS / MS_PER_S,
        currentDate: new Date(this.clock.now()),
        requiredClaims: ['sub', 'iat', 'exp'],
      },
    );
    return payload;
  }
}

function plainHeader(header: JWTHeaderParameters): JWTHeaderParameters {
  const { typ, kid } = header;
  if (!Object.keys(header).every((name) => HEADERS.has(name)))
    throw new errors.JWSInvalid('unexpected header');
  if (typeof kid !== 'string' || (typ !== undefined && typeof typ !== 'string')) {
    throw new errors.JWSInvalid('a header has the wrong type');
  }
  if (!TYPES.has(typ?.toLowerCase())) throw new errors.JWTInvalid('another kind of token');
  return header;
}

function tokenOf(claims: JWTPayload, { issuer, usernameClaim, nameClaim }: ForeignIssuer): ForeignToken {
  requireAccessToken(claims);
  const { iat = 0, exp = 0 } = claims;
  const subject = nameIn(claims, 'sub') ?? '';
  const sid = nameIn(claims, 'sid');
  const client = nameIn(claims, 'azp') ?? nameIn(claims, 'client_id') ?? '';
  return {
    issuer,
    subject,
    sessionId: sessionIdOf({ issuer, subject, sid, client }),
    isResumable: sid === undefined,
    client,
    issuedAtMs: iat * MS_PER_S,
    expiresAtMs: exp * MS_PER_S,
    username: claims[usernameClaim],
    displayName: claims[nameClaim],
  };
}

/** What providers sign with the same key, and some for the same audience: ID, refresh and logout tokens. */
function requireAccessToken(claims: JWTPayload): void {
  const { typ = 'Bearer', token_use: use = 'access' } = claims;
  const isAlien = ALIEN_CLAIMS.some((name) => claims[name] !== undefined);
  if (isAlien || typ !== 'Bearer' || use !== 'access') throw new errors.JWTInvalid('no access token');
}

interface SessionNames {
  readonly issuer: string;
  readonly subject: string;
  readonly sid: string | undefined;
  readonly client: string;
}

function sessionIdOf({ issuer, subject, sid, client }: SessionNames): string {
  if (sid !== undefined && isId(sid)) return sid;
  return digestOf(JSON.stringify(sid === undefined ? [issuer, subject, client] : [issuer, subject, { sid }]));
}

/** A name that somebody else gave: kept and compared as it is, so it must be one that a database can keep. */
function nameIn(claims: JWTPayload, claim: string): string | undefined {
  const name = claims[claim];
  if (name === undefined) return undefined;
  const isText = typeof name === 'string' && isWellFormed(name) && !/\p{Cc}/u.test(name);
  if (!isText || name === '' || lengthOf(name) > LONGEST_TEXT) {
    throw new errors.JWTInvalid('a claim has the wrong form');
  }
  return name;
}
