import { createHmac, createPublicKey } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CryptoKey, exportJWK, importJWK } from 'jose';
import { ManualClock } from '../../../testing/index.js';
import { TEST_AUTH_SETTINGS } from '../testing.js';
import { ForeignTokens } from './foreign-tokens.js';
import { IssuerKeys } from './issuer-keys.js';
import { AUDIENCE, type IssuerKey, newIssuerKey, signed, TestIssuer } from './testing.js';

const REFUSAL = { code: 'UNAUTHENTICATED', message: 'the access token is not valid', details: undefined };

describe('tokens of a foreign issuer (T28)', () => {
  const clock = new ManualClock();
  const nowS = clock.now() / 1_000;
  let issuer: TestIssuer;
  let tokens: ForeignTokens;
  let curve: IssuerKey;
  let keys: IssuerKeys;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    curve = await newIssuerKey('curve', 'ES256');
    const { jwk, privateKey } = await newIssuerKey('for encryption');
    const unnamed = await newIssuerKey('no alg');
    const { alg: _, ...withoutAlg } = unnamed.jwk;
    issuer.keys = [
      issuer.key,
      curve,
      await newIssuerKey('edwards', 'EdDSA'),
      { privateKey, jwk: { ...jwk, use: 'enc' } },
      { ...unnamed, jwk: withoutAlg },
    ];
    const foreignIssuer = {
      issuer: issuer.url,
      jwksUrl: `${issuer.url}/jwks`,
      audience: AUDIENCE,
      usernameClaim: 'preferred_username',
      nameClaim: 'name',
    };
    const settings = { ...TEST_AUTH_SETTINGS, foreignIssuer };
    keys = new IssuerKeys(clock, settings);
    tokens = new ForeignTokens(keys, clock, settings);
  });
  afterAll(async () => {
    keys.onModuleDestroy();
    await issuer.stop();
  });

  const token = async (claims: object = {}, header: object = {}): Promise<string> =>
    issuer.token(clock.now(), { sub: 'ann', ...claims }, header);
  const by = async (key: IssuerKey, header: object = {}): Promise<string> =>
    signed(key, { iss: issuer.url, aud: AUDIENCE, sub: 'ann', iat: nowS, exp: nowS + 60 }, header);
  const last = (): IssuerKey => issuer.keys.at(-1) as IssuerKey;

  const taken: Record<string, () => Promise<string>> = {
    'typ at+jwt': async () => token(),
    'typ application/at+jwt': async () => token({}, { typ: 'application/at+JWT' }),
    'typ JWT': async () => token({}, { typ: 'JWT' }),
    'no typ': async () => token({}, { typ: undefined }),
    'a thumbprint': async () => token({}, { x5t: 'abc' }),
    'one audience of several': async () => token({ aud: ['other', AUDIENCE] }),
    'Keycloak’s typ Bearer': async () => token({ typ: 'Bearer' }),
    'Cognito’s token_use access': async () => token({ token_use: 'access' }),
    'over for less than 30 s': async () => token({ exp: nowS - 29 }),
    'issued by a clock that is ahead': async () => token({ iat: nowS + 29, nbf: nowS + 29 }),
    'an elliptic curve': async () => by(curve, { typ: 'at+jwt' }),
    'an Edwards curve': async () => by(issuer.keys[2] as IssuerKey),
    'a key that names no algorithm, by the usual one': async () => by(last(), { alg: 'RS256' }),
  };

  it.each(Object.keys(taken))('are taken with %s', async (name) => {
    const text = (await taken[name]?.()) ?? '';
    expect(tokens.claims(text)).toBe(true);
    await expect(tokens.verify(text)).resolves.toMatchObject({ issuer: issuer.url, subject: 'ann' });
  });

  const forgeries: Record<string, () => Promise<string> | string> = {
    'alg none': () => unsigned({ alg: 'none', kid: 'one', typ: 'at+jwt' }),
    'alg NoNe': () => unsigned({ alg: 'NoNe', kid: 'one', typ: 'at+jwt' }),
    'HS256 with the public PEM as the secret': () =>
      hmac(createPublicKey({ key: issuer.key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })),
    'HS256 with the public modulus as the secret': () =>
      hmac(Buffer.from(issuer.key.jwk.n ?? '', 'base64url')),
    'another algorithm than its key’s': async () =>
      by(await withAlgorithm(issuer.key, 'PS256'), { alg: 'PS256' }),
    'an algorithm that its key does not name': async () =>
      by(await withAlgorithm(last(), 'PS256'), { alg: 'PS256' }),
    'a curve’s algorithm over an RSA key': async () => by({ ...curve, jwk: { ...curve.jwk, kid: 'one' } }),
    'a key for encryption': async () => by(issuer.keys[3] as IssuerKey),
    'no kid': async () => token({}, { kid: undefined }),
    'an unknown kid': async () => token({}, { kid: 'other' }),
    'a kid that is no string': async () => token({}, { kid: { $ne: '' } }),
    'the issuer’s kid, signed by another key': async () => by(await newIssuerKey('one')),
    'its own key in jwk': async () => embedded({ jwk: (await newIssuerKey('one')).jwk }),
    'its own keys in jku': async () => embedded({ jku: 'http://169.254.169.254/jwks' }),
    'its own certificate in x5u': async () => embedded({ x5u: 'http://169.254.169.254/cert' }),
    'its own certificate in x5c': async () => embedded({ x5c: ['AAAA'] }),
    'a crit that we do not know': async () => token({}, { crit: ['urn:evil'], 'urn:evil': 1 }),
    'a crit that the library knows': async () => token({}, { crit: ['b64'], b64: true }),
    cty: async () => token({}, { cty: 'JWT' }),
    'the type of a logout token': async () => token({}, { typ: 'logout+jwt' }),
    'the type of a proof': async () => token({}, { typ: 'dpop+jwt' }),
    'a typ that is no string': async () => token({}, { typ: 7 }),
    'an ID token’s at_hash': async () => token({ at_hash: 'x' }),
    'a logout token’s events': async () => token({ events: {} }),
    'a proof of possession that nobody gives': async () => token({ cnf: { jkt: 'x' } }),
    'Keycloak’s typ ID': async () => token({ typ: 'ID' }),
    'Keycloak’s typ Refresh': async () => token({ typ: 'Refresh' }),
    'Cognito’s token_use id': async () => token({ token_use: 'id' }),
    'another issuer': async () => token({ iss: 'http://169.254.169.254' }),
    'an issuer that begins like it': async () => token({ iss: `${issuer.url}/` }),
    'no audience': async () => token({ aud: undefined }),
    'another audience': async () => token({ aud: 'parley' }),
    'an audience that begins like it': async () => token({ aud: `${AUDIENCE}.evil.test` }),
    'over for 30 s': async () => token({ exp: nowS - 30 }),
    'no end': async () => token({ exp: undefined }),
    'an end that is no number': async () => token({ exp: '9999999999' }),
    'no beginning': async () => token({ iat: undefined }),
    'a beginning in the future': async () => token({ iat: nowS + 31 }),
    'a beginning more than 30 days ago': async () => token({ iat: nowS - 30 * 86_400 - 31 }),
    'not valid yet': async () => token({ nbf: nowS + 31 }),
    'no subject': async () => token({ sub: undefined }),
    'an empty subject': async () => token({ sub: '' }),
    'a subject that is no string': async () => token({ sub: ['ann'] }),
    'a subject with U+0000': async () => token({ sub: 'ann\u0000' }),
    'half a character for a subject': async () => token({ sub: 'ann\ud800' }),
    'a subject without end': async () => token({ sub: 'x'.repeat(256) }),
    'a sid that is no string': async () => token({ sid: 7 }),
    'an azp that is no string': async () => token({ azp: {} }),
    'no signature': async () => (await token()).replace(/[^.]*$/, ''),
    'a truncated signature': async () => (await token()).slice(0, -4),
    'another payload under the signature': async () => {
      const [header, , signature] = (await token()).split('.');
      return [header, (await token({ sub: 'ben' })).split('.')[1], signature].join('.');
    },
    'a fourth part': async () => `${await token()}.x`,
    'three dots': () => '...',
    nothing: () => '',
  };

  it.each(Object.keys(forgeries))('are refused when forged: %s', async (name) => {
    await expect(tokens.verify((await forgeries[name]?.()) ?? '')).rejects.toMatchObject(REFUSAL);
  });

  it('of any other issuer are not judged here', async () => {
    expect(tokens.claims(await token({ iss: 'https://other.test' }))).toBe(false);
    expect(tokens.claims(await token({ pad: 'x'.repeat(9_000) }))).toBe(false);
    expect(tokens.claims('ann')).toBe(false);
  });

  it('make nobody ask for keys anywhere but at the configured address (T29)', async () => {
    const hostile = 'http://169.254.169.254/jwks';
    const [here, there] = await Promise.all([
      token(),
      Promise.all([
        token({ iss: hostile }),
        embedded({ jku: hostile }),
        embedded({ x5u: hostile }),
        token({}, { kid: hostile }),
      ]),
    ]);
    let opened = 0;
    const count = (): void => void (opened += 1);
    subscribe('net.client.socket', count);
    try {
      for (const text of there) await expect(tokens.verify(text)).rejects.toMatchObject(REFUSAL);
      expect(opened).toBe(0);
      await clock.advance(600_000);
      await tokens.verify(here);
      await expect(tokens.verify(await token({}, { kid: hostile }))).rejects.toMatchObject(REFUSAL);
    } finally {
      unsubscribe('net.client.socket', count);
    }
    expect(new Set(issuer.asked)).toEqual(new Set(['/jwks']));
  });

  it('name their session by sid, or else by issuer, subject and client', async () => {
    const sessionOf = async (claims: object): Promise<string> =>
      (await tokens.verify(await token(claims))).sessionId;
    expect(await sessionOf({ sid: 'one-session' })).toBe('one-session');
    const derived = await Promise.all([
      sessionOf({}),
      sessionOf({ azp: 'web' }),
      sessionOf({ azp: 'phone' }),
      sessionOf({ azp: 'web', sub: 'ben' }),
      sessionOf({ sid: 'not an id' }),
      sessionOf({ sid: 'x'.repeat(65) }),
    ]);
    expect(new Set(derived).size).toBe(derived.length);
    for (const id of derived) expect(id).toMatch(/^[\w-]{43}$/);
    expect(await sessionOf({ client_id: 'web' })).toBe(derived[1]);
  });

  async function embedded(header: object): Promise<string> {
    return await by(await newIssuerKey('one'), header);
  }

  function claims(): string {
    return encoded({ iss: issuer.url, aud: AUDIENCE, sub: 'ann', iat: nowS, exp: nowS + 60 });
  }

  function unsigned(header: object): string {
    return `${encoded(header)}.${claims()}.`;
  }

  function hmac(secret: Buffer | string): string {
    const input = `${encoded({ alg: 'HS256', kid: 'one', typ: 'at+jwt' })}.${claims()}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  }
});

/** The same key, used with another algorithm. */
async function withAlgorithm({ privateKey, jwk }: IssuerKey, alg: string): Promise<IssuerKey> {
  return { privateKey: (await importJWK(await exportJWK(privateKey), alg)) as CryptoKey, jwk };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
