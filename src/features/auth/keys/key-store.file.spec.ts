import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeKeyStore } from './key-store.contract.js';
import { FileKeyStore } from './key-store.file.js';
import { newSigningJwk, publicJwkOf } from './signing-jwk.js';

describeKeyStore('FileKeyStore', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-keys-'));
  const path = join(folder, 'keys.json');
  const keys = [await newSigningJwk(), await newSigningJwk()];
  await writeFile(path, JSON.stringify({ keys }), { mode: 0o600 });
  return {
    open: () => new FileKeyStore(path),
    remove: async () => rm(folder, { recursive: true }),
  };
});

describe('FileKeyStore', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-keys-'));
    path = join(folder, 'keys.json');
  });
  afterEach(async () => rm(folder, { recursive: true }));

  async function loaded(content: unknown): Promise<unknown> {
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
    return await new FileKeyStore(path).load();
  }

  it('gives the keys in the file’s order, and the public ones too', async () => {
    const [first, second] = [await newSigningJwk(), await newSigningJwk()];
    const { kty, crv, x, kid } = second;
    expect(await loaded({ keys: [{ ...first, alg: 'EdDSA', use: 'sig' }, publicJwkOf(second)] })).toEqual([
      first,
      { kty, crv, x, kid },
    ]);
  });

  const good = newSigningJwk();
  it.each<[string, string, () => unknown]>([
    ['no JSON', 'is not JSON', () => 'secret stuff'],
    ['a list', 'is no JWK set', () => []],
    ['no key', 'is no JWK set', () => ({ keys: [] })],
    [
      'an RSA key',
      'is no JWK set of Ed25519 keys, each with its "kid": look at keys.0.kty',
      async () => ({ keys: [{ ...(await good), kty: 'RSA' }] }),
    ],
    ['no kid', 'look at keys.0.kid', async () => ({ keys: [{ ...(await good), kid: undefined }] })],
    ['a key for encryption', 'look at keys.0.use', async () => ({ keys: [{ ...(await good), use: 'enc' }] })],
    ['half a key', 'look at keys.0.d', async () => ({ keys: [{ ...(await good), d: 'c2VjcmV0' }] })],
    [
      'a public key in the first place',
      'has a first key without its private part',
      async () => ({ keys: [publicJwkOf(await good)] }),
    ],
    ['a kid twice', 'has two keys of one "kid"', async () => ({ keys: [await good, await good] })],
    [
      'parts of two keys',
      'has parts of different keys in keys.0',
      async () => ({ keys: [{ ...(await good), x: (await newSigningJwk()).x }] }),
    ],
    ['too much', 'is too large', () => ' '.repeat(70_000)],
  ])('refuses %s in one line that quotes nothing', async (_, fault, content) => {
    const refusal = await loaded(await content()).catch((error: unknown) => error);
    const { message } = refusal as Error;
    expect(message).toMatch(/^SIGNING_KEYS_FILE [^\n]+$/);
    expect(message).toContain(fault);
    expect(message).not.toMatch(/secret|c2VjcmV0/);
  });

  it('says why the file cannot be read', async () => {
    await expect(new FileKeyStore(path).load()).rejects.toThrow('SIGNING_KEYS_FILE cannot be read (ENOENT)');
  });

  it('takes a file that others may read: the log warns of it', async () => {
    const keys = [await newSigningJwk()];
    await loaded({ keys });
    await chmod(path, 0o644);
    await expect(new FileKeyStore(path).load()).resolves.toEqual(keys);
  });
});
