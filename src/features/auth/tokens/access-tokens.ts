import { Inject, Injectable } from '@nestjs/common';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { Clock, RealtimeError } from '../../../realtime/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { KeyRing } from '../keys/key-ring.js';

/** Whom an access token speaks for. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  /** The session's pair of tokens that this one belongs to. */
  readonly generation: number;
}

export interface VerifiedToken extends AccessClaims {
  /** Wall time in milliseconds. */
  readonly expiresAtMs: number;
}

/** Nobody but this service is meant to accept its tokens. */
const AUDIENCE = 'parley';
const ALGORITHM = 'EdDSA';
/** RFC 9068: keeps other kinds of token of the same issuer out. */
const TYPE = 'at+jwt';
/** Ours have some 400 characters; what is longer is not worth parsing. */
const LONGEST_TOKEN = 2_048;
/** Our tokens have these and no others, so `jwk`, `jku`, `x5u`, `crit` and all that may come after them are refused. */
const HEADERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ']);

/** Signs and verifies the service's own access tokens: Ed25519 JWTs, judged by RFC 8725. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: KeyRing,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  /** A new token, and its life in seconds. */
  async grant(claims: AccessClaims): Promise<{ accessToken: string; expiresIn: number }> {
    return { accessToken: await this.sign(claims), expiresIn: this.settings.accessTokenTtlS };
  }

  async sign({ userId, sessionId, generation }: AccessClaims): Promise<string> {
    const { kid, key } = this.keys.signer;
    const nowS = this.clock.now() / 1_000;
    return await new SignJWT({ sid: sessionId, gen: generation })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .setIssuer(this.settings.issuer)
      .setAudience(AUDIENCE)
      .setSubject(userId)
      .setIssuedAt(Math.floor(nowS))
      // Rounded up: a token never lives shorter than promised.
      .setExpirationTime(Math.ceil(nowS) + this.settings.accessTokenTtlS)
      .sign(key);
  }

  /** Rejects with `UNAUTHENTICATED`, whatever the fault: it says nothing about what was wrong. */
  async verify(token: string): Promise<VerifiedToken> {
    try {
      return claimsOf(await this.#payload(token));
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new RealtimeError('UNAUTHENTICATED', 'the access token is not valid', { cause: error });
    }
  }

  async #payload(token: string): Promise<JWTPayload> {
    if (token.length > LONGEST_TOKEN) throw new errors.JWTInvalid('too long');
    const key = this.keys.verifier(kidOf(token));
    if (!key) throw new errors.JWKSNoMatchingKey();
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: this.settings.issuer,
      audience: AUDIENCE,
      typ: TYPE,
      currentDate: new Date(this.clock.now()),
      requiredClaims: ['sub', 'sid', 'gen', 'iat', 'exp'],
    });
    return payload;
  }
}

function kidOf(token: string): string {
  const header = headerOf(token);
  if (!Object.keys(header).every((name) => HEADERS.has(name)))
    throw new errors.JWSInvalid('unexpected header');
  if (typeof header.kid !== 'string') throw new errors.JWSInvalid('no kid');
  return header.kid;
}

function headerOf(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    throw new errors.JWSInvalid('no header', { cause: error });
  }
}

function claimsOf({ sub, sid, gen, exp }: JWTPayload): VerifiedToken {
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof gen !== 'number' || exp === undefined) {
    throw new errors.JWTInvalid('a claim has the wrong type');
  }
  return { userId: sub, sessionId: sid, generation: gen, expiresAtMs: exp * 1_000 };
}
