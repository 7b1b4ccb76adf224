import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from './config-error.js';

/** Texts by key. */
export type Source = Readonly<Record<string, string | undefined>>;

const FILES = ['.env.local', '.env'] as const;

/** The environment, then `.env.local`, then `.env` of a folder: the first that has a key counts, also with an empty text. */
export function readSources(env: Source, folder: string): Source {
  const files = FILES.map((name) => readEnvFile(join(folder, name), name));
  return Object.assign({}, ...files.toReversed(), definedIn(env)) as Source;
}

function readEnvFile(path: string, name: string): Source {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw new ConfigError([`${name} cannot be read (${code ?? String(error)})`]);
  }
}

function definedIn(env: Source): Source {
  return Object.fromEntries(Object.entries(env).filter(([, text]) => text !== undefined));
}
