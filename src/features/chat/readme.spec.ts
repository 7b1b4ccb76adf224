import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from '../../realtime/index.js';

const FOLDER = import.meta.dirname;

describe('the README of chat', () => {
  let readme: string;
  let sources: string;

  beforeAll(async () => {
    readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
    const files = await readdir(FOLDER, { recursive: true });
    const isSource = (file: string) => file.endsWith('.ts') && !/(spec|driver)\.ts$/.test(file);
    const texts = files.filter(isSource).map(async (file) => readFile(join(FOLDER, file), 'utf8'));
    sources = (await Promise.all(texts)).join('\n');
  });

  /** The first column of the table under a heading. */
  function named(heading: string): string[] {
    const [, section = ''] = readme.split(`## ${heading}\n`);
    const [body = ''] = section.split('\n## ');
    return [...body.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
  }

  function inSources(pattern: RegExp): string[] {
    return [...sources.matchAll(pattern)].map(([, found = '']) => found);
  }

  it('lists every request', () => {
    expect(sorted(named('Requests'))).toEqual(sorted(inSources(/@SubscribeMessage\('([^']+)'\)/g)));
  });

  it('lists every push', () => {
    expect(sorted(named('Pushes'))).toEqual(sorted(inSources(/new OutboundFrame\('([^']+)'/g)));
  });

  it('lists every event', () => {
    const appended = inSources(/work\.append\(\w+, \{ type: '([^']+)'/g);
    expect(sorted(named('Events of the log'))).toEqual(sorted(appended));
  });

  it('names every code that chat refuses with, and no code that there is not', () => {
    const refused = inSources(/(?:code: |new RealtimeError\()'([A-Z_]+)'/g);
    const documented = [...readme.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, code = '']) => code);
    expect(documented).toEqual(expect.arrayContaining(refused));
    const codes = documented.filter((code) => code !== 'MAX_ANSWER_BYTES');
    expect(Object.keys(ERROR_STATUS)).toEqual(expect.arrayContaining(codes));
  });
});

function sorted(names: readonly string[]): string[] {
  expect(names).not.toHaveLength(0);
  return [...new Set(names)].toSorted();
}
