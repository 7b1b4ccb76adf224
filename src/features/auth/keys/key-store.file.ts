import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { z } from 'zod';
import { KeyStore, type KeySet, type SigningJwk, type VerifyingJwk } from './key-store.js';

/** The file of signing keys is of no use. The message is one line, and quotes nothing of the file. */
export class KeysFileError extends Error {
  constructor(fault: string, options?: ErrorOptions) {
    super(`SIGNING_KEYS_FILE ${fault}`, options);
  }
}

/** A key has 32 bytes (RFC 8037). */
const KEY_BYTES = 32;
const LARGEST_FILE_BYTES = 65_536;
const OTHERS_MAY = 0o077;

const keyPart = z.string().refine((text) => Buffer.from(text, 'base64url').length === KEY_BYTES);

const JWK_SET = z.object({
  keys: z
    .array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: keyPart,
        d: keyPart.optional(),
        kid: z.string().regex(/^\S{1,128}$/),
        alg: z.enum(['EdDSA', 'Ed25519']).optional(),
        use: z.literal('sig').optional(),
      }),
    )
    .min(1),
});

type FileKey = z.infer<typeof JWK_SET>['keys'][number];

/** Keys in a file of the operator's: a JWK set whose first key is private and signs, and whose others may be public. */
export class FileKeyStore extends KeyStore {
  readonly #logger = new Logger(FileKeyStore.name);

  constructor(private readonly path: string) {
    super();
  }

  /** Rejects with a `KeysFileError`. */
  async load(): Promise<KeySet> {
    const keys = keysIn(await this.#read());
    const [first, ...rest] = keys;
    if (first?.d === undefined) throw new KeysFileError('has a first key without its private part "d"');
    if (new Set(keys.map(({ kid }) => kid)).size < keys.length) {
      throw new KeysFileError('has two keys of one "kid"');
    }
    keys.forEach(requirePair);
    return [jwkOf(first) as SigningJwk, ...rest.map(jwkOf)];
  }

  async #read(): Promise<string> {
    try {
      const { mode, size } = await stat(this.path);
      if (size > LARGEST_FILE_BYTES) throw new KeysFileError('is too large for a JWK set');
      if (process.platform !== 'win32' && (mode & OTHERS_MAY) !== 0) {
        this.#logger.warn('SIGNING_KEYS_FILE is open to other users of this machine: chmod 600 is advised');
      }
      return await readFile(this.path, 'utf8');
    } catch (error) {
      if (error instanceof KeysFileError) throw error;
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new KeysFileError(`cannot be read (${code})`, { cause: error });
    }
  }
}

/** Without the parse error: it would quote the file. */
function keysIn(text: string): FileKey[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new KeysFileError('is not JSON: allowed is a JWK set of Ed25519 keys');
  }
  const { data, error } = JWK_SET.safeParse(parsed);
  if (data) return data.keys;
  const place = error.issues[0]?.path.join('.') ?? '';
  throw new KeysFileError(
    `is no JWK set of Ed25519 keys, each with its "kid"${place === '' ? '' : `: look at ${place}`}`,
  );
}

/** A public part that is another key's would sign what nobody can verify. */
function requirePair({ kty, crv, x, d }: FileKey, index: number): void {
  if (d === undefined) return;
  const own = createPublicKey(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
  if (own.export({ format: 'jwk' }).x !== Buffer.from(x, 'base64url').toString('base64url')) {
    throw new KeysFileError(`has parts of different keys in keys.${index}`);
  }
}

function jwkOf({ kty, crv, x, d, kid }: FileKey): VerifyingJwk {
  return { kty, crv, x, ...(d !== undefined && { d }), kid };
}
