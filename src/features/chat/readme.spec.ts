import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from '../../realtime/index.js';

const FOLDER = import.meta.dirname;

describe('the README of chat', () => {
  let readme: string;
  /** It and the pages of the folders below, which it leads to. */
  let pages: readonly string[];
  let sources: string;

  beforeAll(async () => {
    readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
    const files = await readdir(FOLDER, { recursive: true });
    pages = await Promise.all(files.filter(isPage).map(async (file) => readFile(join(FOLDER, file), 'utf8')));
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
    const rows = pages.flatMap((page) => [...page.matchAll(/^\| `((?:room|message)\.[a-z.]+)` \|/gm)]);
    const listed = new Set(rows.map(([, event = '']) => event));
    const handled = sorted(inSources(/@SubscribeMessage\('([^']+)'\)/g));
    expect(handled.filter((event) => !listed.has(event))).toEqual([]);
    expect(named('Requests').filter((event) => !handled.includes(event))).toEqual([]);
  });

  it('lists every push', () => {
    const pushed = inSources(
      /(?:new OutboundFrame\(|\.state\(\w+, |state: \{ event: |pushHere\(\w+, \{ event: )'([^']+)'/g,
    );
    expect(sorted(named('Pushes'))).toEqual(sorted(pushed));
  });

  it('lists every event', () => {
    const appended = inSources(/'((?:message|reaction|pin|member|room)\.(?:[a-z]+ed|left)|member\.role)'/g);
    const section = readme.split('## Events of the log\n')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell = '']) => cell);
    const documented = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    const pushes = named('Pushes');
    expect(appended.filter((type) => !documented.includes(type) && !pushes.includes(type))).toEqual([]);
    expect(documented.filter((type) => !sources.includes(`'${type}'`))).toEqual([]);
  });

  it('names every code that chat refuses with, and no code that there is not', () => {
    const refused = inSources(/(?:code: |new RealtimeError\()'([A-Z_]+)'/g);
    expect(codesIn(pages.join('\n'))).toEqual(expect.arrayContaining(refused));
    const codes = codesIn(readme).filter((code) => code !== 'MAX_ANSWER_BYTES');
    expect(Object.keys(ERROR_STATUS)).toEqual(expect.arrayContaining(codes));
  });
});

const isPage = (file: string): boolean => file.endsWith('README.md');

function sorted(names: readonly string[]): string[] {
  expect(names).not.toHaveLength(0);
  return [...new Set(names)].toSorted();
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, code = '']) => code);
}
