import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { errors } from 'jose';
import { ManualClock } from '../../../testing/index.js';
import { TEST_AUTH_SETTINGS } from '../testing.js';
import { IssuerKeys } from './issuer-keys.js';
import { newIssuerKey, TestIssuer } from './testing.js';

const ONE = { alg: 'RS256', kid: 'one' };
const TWO = { alg: 'RS256', kid: 'two' };
const DOWN = { code: 'UNAVAILABLE', retryAfterMs: 5_000 };

describe('the keys of a foreign issuer', () => {
  let clock: ManualClock;
  let issuer: TestIssuer;
  let keys: IssuerKeys;

  function keysAt(jwksUrl: string): IssuerKeys {
    const foreignIssuer = {
      issuer: issuer.url,
      jwksUrl,
      audience: 'a',
      usernameClaim: 'preferred_username',
      nameClaim: 'name',
    };
    return new IssuerKeys(clock, { ...TEST_AUTH_SETTINGS, foreignIssuer });
  }

  beforeEach(async () => {
    clock = new ManualClock();
    issuer = await TestIssuer.start();
    keys = keysAt(`${issuer.url}/jwks`);
  });
  afterEach(async () => {
    keys.onModuleDestroy();
    await issuer.stop();
  });

  async function refuse(): Promise<void> {
    issuer.answer = (_, response) => response.writeHead(500).end('down');
    await clock.advance(30_000);
  }

  it('are asked for once by many at once', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => keys.find(ONE)));
    expect(issuer.asked).toEqual(['/jwks']);
  });

  it('are asked for again when a token names a new one', async () => {
    await keys.find(ONE);
    issuer.keys = [...issuer.keys, await newIssuerKey('two')];
    await clock.advance(30_000);
    await expect(keys.find(TWO)).resolves.toMatchObject({ type: 'public' });
    await expect(keys.find(ONE)).resolves.toMatchObject({ type: 'public' });
    expect(issuer.asked).toHaveLength(2);
  });

  it('are asked for once in 30 s, however many tokens name unknown ones', async () => {
    await keys.find(ONE);
    for (let i = 0; i < 50; i += 1) {
      await expect(keys.find({ ...ONE, kid: `unknown ${i}` })).rejects.toBeInstanceOf(
        errors.JWKSNoMatchingKey,
      );
    }
    expect(issuer.asked).toHaveLength(1);
    await clock.advance(30_000);
    await expect(keys.find(TWO)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    expect(issuer.asked).toHaveLength(2);
  });

  it('that the issuer has withdrawn end with the next answer', async () => {
    await keys.find(ONE);
    issuer.keys = [await newIssuerKey('two')];
    await clock.advance(600_000);
    await keys.find(ONE);
    await keys.find(TWO);
    await expect(keys.find(ONE)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });

  it('go on to count while the issuer is down; what is not known then is UNAVAILABLE', async () => {
    await keys.find(ONE);
    await refuse();
    await expect(keys.find(TWO)).rejects.toMatchObject(DOWN);
    await clock.advance(86_400_000);
    await expect(keys.find(ONE)).resolves.toBeDefined();
    await expect(keys.find(TWO)).rejects.toMatchObject(DOWN);
  });

  it('are UNAVAILABLE before the first answer, and had 5 s after the issuer is back', async () => {
    await refuse();
    await expect(keys.find(ONE)).rejects.toMatchObject(DOWN);
    issuer.answer = undefined;
    await expect(keys.find(ONE)).rejects.toMatchObject(DOWN);
    await clock.advance(5_000);
    await expect(keys.find(ONE)).resolves.toBeDefined();
  });

  it('are not looked for where a redirect leads (T29)', async () => {
    const elsewhere = createServer((_, response) => response.end('{"keys":[]}'));
    let connections = 0;
    elsewhere.on('connection', () => (connections += 1));
    await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    for (const status of [301, 302, 303, 307, 308]) {
      issuer.answer = (_, response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${port}/` }).end();
      await clock.advance(5_000);
      await expect(keys.find(ONE)).rejects.toMatchObject(DOWN);
    }
    expect([connections, issuer.asked.length]).toEqual([0, 5]);
    await once(elsewhere.close(), 'close');
  });

  it('are given up after 64 KiB, however much comes (T29)', async () => {
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      issuer.answer = (_, response) => {
        const pour = (): void => {
          sent += 16_384;
          response.write('x'.repeat(16_384), () => setImmediate(pour));
        };
        response.once('close', resolve);
        pour();
      };
    });
    await expect(keys.find(ONE)).rejects.toMatchObject(DOWN);
    await closed;
    expect(sent).toBeLessThan(16_777_216);
  });

  it('are given up after 2 s (T29)', async () => {
    const asked = new Promise<void>((resolve) => {
      issuer.answer = () => resolve();
    });
    const found = keys.find(ONE).catch((error: unknown) => error);
    await asked;
    await clock.advance(2_000);
    expect(await found).toMatchObject(DOWN);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no set', '{"keys":7}'],
    ['an empty set', '{"keys":[]}'],
    ['no key that can be used', '{"keys":[null,{},{"kty":"oct","kid":"one","k":"AAAA"}]}'],
  ])('are not had from %s', async (_, body) => {
    issuer.answer = (__, response) => response.end(body);
    await expect(keys.find(ONE)).rejects.toMatchObject(DOWN);
  });

  it('leave out what proves nothing, and keep the rest', async () => {
    const { jwk } = await newIssuerKey('two');
    const bad = [
      { ...jwk, d: 'private' },
      { ...jwk, use: 'enc' },
      { ...jwk, key_ops: ['encrypt'] },
      { ...jwk, alg: 'RSA-OAEP' },
      { ...jwk, alg: 'HS256' },
      { ...jwk, alg: 'ES256' },
      { ...jwk, n: 'AQAB' },
      { ...jwk, kid: undefined },
    ];
    issuer.answer = (_, response) => response.end(JSON.stringify({ keys: [...bad, issuer.key.jwk] }));
    await expect(keys.find(ONE)).resolves.toBeDefined();
    await expect(keys.find(TWO)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });
});
