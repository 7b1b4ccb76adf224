import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runProcess, startProcess, type TestProcess } from 'parley/testing';

/** A key as an operator makes it, with tools that know nothing of this service. */
function key(kid: string): JsonWebKey {
  return { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid };
}

describe('SIGNING_KEYS_FILE', () => {
  let cwd: string;
  let path: string;

  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-keys-'));
    path = join(cwd, 'keys.json');
  });
  afterEach(async () => rm(cwd, { recursive: true }));

  async function write(keys: readonly JsonWebKey[]): Promise<void> {
    await writeFile(path, JSON.stringify({ keys }), { mode: 0o600 });
  }

  const env = (): Record<string, string> => ({ SIGNING_KEYS_FILE: path });

  it.each([
    ['absent', undefined, /^SIGNING_KEYS_FILE cannot be read \(ENOENT\)\n$/],
    ['not JSON', 'a secret', /^SIGNING_KEYS_FILE is not JSON: [^\n]+\n$/],
    ['no set of keys', '{"keys":[{"kty":"oct","k":"secret"}]}', /^SIGNING_KEYS_FILE is no JWK set [^\n]+\n$/],
  ])('that is %s ends the start with 78 and one line', async (_, content, line) => {
    if (content !== undefined) await writeFile(path, content, { mode: 0o600 });
    const { code, output } = await runProcess({ cwd, env: { ...env(), LOG_LEVEL: 'silent' } });
    expect([code, output]).toEqual([78, expect.stringMatching(line)]);
    expect(output).not.toContain('secret');
  });

  describe('in a running service', () => {
    let service: TestProcess;

    beforeEach(async () => {
      await write([key('one')]);
      await chmod(path, 0o644);
      service = await startProcess({ cwd, env: env() });
    });
    afterEach(async () => service.kill('SIGKILL'));

    async function published(): Promise<unknown[]> {
      const { body } = await service.http.get('/.well-known/jwks.json');
      return (body['keys'] as { kid: string }[]).map(({ kid }) => kid);
    }

    async function hangUp(): Promise<void> {
      const before = service.output.length;
      process.kill(service.pid ?? 0, 'SIGHUP');
      const told = /signing keys (have been read again|could not be read again)/;
      while (!told.test(service.output.slice(before))) await setTimeout(20);
    }

    async function kidOfNewToken(name: string): Promise<unknown> {
      const [header = ''] = (await service.user(name)).accessToken.split('.');
      return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: unknown }).kid;
    }

    const statusOf = async (token: string): Promise<number> =>
      (await service.http.get('/auth/me', { token })).status;

    it('is warned of when others may read it', () => {
      expect(service.output).toContain('SIGNING_KEYS_FILE is open to other users of this machine');
    });

    it('is changed step by step, and nobody is logged out', async () => {
      const [one, two] = [key('first'), key('second')];
      await write([one]);
      await hangUp();
      const old = await service.user('ann');
      await write([one, two]);
      await hangUp();
      expect([await kidOfNewToken('ben'), await published()]).toEqual(['first', ['first', 'second']]);
      await write([two, one]);
      await hangUp();
      expect(await kidOfNewToken('cem')).toBe('second');
      expect(await statusOf(old.accessToken)).toBe(200);
      await write([two]);
      await hangUp();
      expect([await published(), await statusOf(old.accessToken)]).toEqual([['second'], 401]);
      const { status } = await service.http.post('/auth/refresh', { refreshToken: old.refreshToken });
      expect(status).toBe(200);
    });

    it('that became useless leaves the old keys as they are, and is logged', async () => {
      const ann = await service.user('ann');
      for (const content of [
        '',
        '{"keys":[]}',
        '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"x","x":"secret"}]}',
      ]) {
        await writeFile(path, content);
        await hangUp();
      }
      await rm(path);
      await hangUp();
      expect([await published(), await statusOf(ann.accessToken)]).toEqual([['one'], 200]);
      expect(await kidOfNewToken('ben')).toBe('one');
      expect(service.output).toContain('the old ones stay');
      expect(service.output).not.toContain('"secret"');
    });
  });
});
