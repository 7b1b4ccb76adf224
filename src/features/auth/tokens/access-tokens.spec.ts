import { createHmac, createPublicKey, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { importJWK, SignJWT } from 'jose';
import { SystemClock } from '../../../realtime/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AUTH_MIGRATIONS } from '../auth.migrations.js';
import { TEST_AUTH_SETTINGS } from '../testing.js';
import { AccessTokens } from './access-tokens.js';
import { DatabaseKeyStore } from '../keys/key-store.database.js';
import type { SigningJwk } from '../keys/key-store.js';
import { KeyRing } from '../keys/key-ring.js';
import { newSigningJwk } from '../keys/signing-jwk.js';
import { store } from '../keys/signing-keys.store.js';

const SETTINGS = { ...TEST_AUTH_SETTINGS, issuer: 'https://parley.test' };

const CLAIMS = { userId: 'ann', sessionId: 's1', generation: 3 };

/** Moves the wall clock of one test. */
class ShiftedClock extends SystemClock {
  shiftMs = 0;

  override now(): number {
    return super.now() + this.shiftMs;
  }
}

describe('access tokens (T28)', () => {
  let testDatabase: TestDatabase;
  let jwk: SigningJwk;
  let tokens: AccessTokens;
  const clock = new ShiftedClock();

  beforeAll(async () => {
    testDatabase = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
    const keyStore = new DatabaseKeyStore(testDatabase.database.open(store), clock, SETTINGS);
    const keys = new KeyRing(keyStore, clock);
    await keys.load();
    [jwk] = await keyStore.load();
    tokens = new AccessTokens(keys, clock, SETTINGS);
  });
  afterAll(async () => testDatabase.close());

  it('say whom they were signed for, until their end', async () => {
    const token = await tokens.sign(CLAIMS);
    const { expiresAtMs, ...claims } = await tokens.verify(token);
    expect(claims).toEqual(CLAIMS);
    const leftMs = expiresAtMs - Date.now();
    expect(leftMs).toBeGreaterThan(898_000);
    expect(leftMs).toBeLessThanOrEqual(901_000);
  });

  it('end on the second, without leeway', async () => {
    const token = await tokens.sign(CLAIMS);
    const { expiresAtMs } = await tokens.verify(token);
    try {
      clock.shiftMs = expiresAtMs - Date.now() - 500;
      await expect(tokens.verify(token)).resolves.toMatchObject(CLAIMS);
      clock.shiftMs = expiresAtMs - Date.now() + 1;
      await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    } finally {
      clock.shiftMs = 0;
    }
  });

  it('carry only the headers that RFC 9068 asks for', async () => {
    const header = decode((await tokens.sign(CLAIMS)).split('.')[0]);
    expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: jwk.kid });
  });

  const nowS = Math.floor(Date.now() / 1_000);
  const payload = {
    iss: SETTINGS.issuer,
    aud: 'parley',
    sub: 'ann',
    sid: 's1',
    gen: 1,
    iat: nowS,
    exp: nowS + 900,
  };

  async function signed(
    changes: { header?: object; payload?: object; key?: SigningJwk } = {},
  ): Promise<string> {
    const key = await importJWK({ ...(changes.key ?? jwk) }, 'EdDSA');
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: jwk.kid, ...changes.header };
    return await new SignJWT({ ...payload, ...changes.payload })
      .setProtectedHeader(dropUndefined(header) as typeof header)
      .sign(key, { crit: { 'urn:evil': true } });
  }

  it('made by this test alone are accepted, so that the forgeries below fail for their one fault', async () => {
    await expect(tokens.verify(await signed())).resolves.toMatchObject({ userId: 'ann', sessionId: 's1' });
  });

  const forgeries: Record<string, () => Promise<string> | string> = {
    empty: () => '',
    'no token at all': () => 'ann',
    'three dots': () => '...',
    'alg none': () => unsigned({ alg: 'none', typ: 'at+jwt', kid: jwk.kid }),
    'alg nOnE': () => unsigned({ alg: 'nOnE', typ: 'at+jwt', kid: jwk.kid }),
    'no alg': () => unsigned({ typ: 'at+jwt', kid: jwk.kid }),
    'HS256 with the public JWK as the secret': () => hmac(Buffer.from(jwk.x, 'base64url')),
    'HS256 with the public PEM as the secret': () => hmac(publicPem(jwk)),
    RS256: () => rsa(),
    'no kid': async () => signed({ header: { kid: undefined } }),
    'an unknown kid': async () => signed({ header: { kid: 'other' } }),
    'a kid that is a path': async () => signed({ header: { kid: '../../dev/null' } }),
    'a kid that is no string': async () => signed({ header: { kid: 7 } }),
    'our kid, signed by another key': async () => signed({ key: await newSigningJwk() }),
    'its own key in jwk': async () => embedded('jwk'),
    'its own key in jku': async () => embedded('jku'),
    'its own certificate in x5u': async () => embedded('x5u'),
    'its own certificate in x5c': async () => embedded('x5c'),
    'a crit that we do not know': async () => signed({ header: { crit: ['urn:evil'], 'urn:evil': 1 } }),
    'a crit that the library knows': async () => signed({ header: { crit: ['b64'], b64: true } }),
    cty: async () => signed({ header: { cty: 'JWT' } }),
    'typ JWT': async () => signed({ header: { typ: 'JWT' } }),
    'no typ': async () => signed({ header: { typ: undefined } }),
    'another issuer': async () => signed({ payload: { iss: 'http://169.254.169.254' } }),
    'no issuer': async () => signed({ payload: { iss: undefined } }),
    'another audience': async () => signed({ payload: { aud: 'other' } }),
    'no audience': async () => signed({ payload: { aud: undefined } }),
    expired: async () => signed({ payload: { exp: nowS - 1 } }),
    'no end': async () => signed({ payload: { exp: undefined } }),
    'an end that is no number': async () => signed({ payload: { exp: '9999999999' } }),
    'not valid yet': async () => signed({ payload: { nbf: nowS + 600 } }),
    'no subject': async () => signed({ payload: { sub: undefined } }),
    'a subject that is no string': async () => signed({ payload: { sub: { $ne: null } } }),
    'no session': async () => signed({ payload: { sid: undefined } }),
    'no generation': async () => signed({ payload: { gen: undefined } }),
    'no signature': async () => (await signed()).replace(/[^.]*$/, ''),
    'a truncated signature': async () => (await signed()).slice(0, -4),
    'a truncated payload': async () => (await signed()).replace(/\.([^.]*)....\./, '.$1.'),
    'another payload under the signature': async () => {
      const [header, , signature] = (await signed()).split('.');
      return [header, encode({ ...payload, sub: 'ben' }), signature].join('.');
    },
    'a fourth part': async () => `${await signed()}.x`,
    'too much of everything': async () => signed({ payload: { pad: 'x'.repeat(4_000) } }),
  };

  it.each(Object.keys(forgeries))('are refused when forged: %s', async (name) => {
    const token = await forgeries[name]?.();
    const refusal = { code: 'UNAUTHENTICATED', message: 'the access token is not valid', details: undefined };
    await expect(tokens.verify(token ?? '')).rejects.toMatchObject(refusal);
  });

  async function embedded(name: 'jwk' | 'jku' | 'x5u' | 'x5c'): Promise<string> {
    const own = await newSigningJwk();
    const { d: _, ...publicPart } = own;
    const values = {
      jwk: publicPart,
      jku: 'https://evil.test/jwks',
      x5u: 'https://evil.test/cert',
      x5c: ['AAAA'],
    };
    return await signed({ key: own, header: { [name]: values[name] } });
  }

  function unsigned(header: object): string {
    return `${encode(header)}.${encode(payload)}.`;
  }

  function hmac(secret: Buffer | string): string {
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: jwk.kid })}.${encode(payload)}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  }

  function rsa(): string {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const input = `${encode({ alg: 'RS256', typ: 'at+jwt', kid: jwk.kid })}.${encode(payload)}`;
    return `${input}.${signWith('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  }
});

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part = ''): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function publicPem({ kty, crv, x }: SigningJwk): string {
  return createPublicKey({ key: { kty, crv, x }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
}

function dropUndefined(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
