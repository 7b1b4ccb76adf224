import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

const FOLDER = import.meta.dirname;

describe('the README of presence', () => {
  let readme: string;
  let source: string;

  beforeAll(async () => {
    readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
    const files = (await readdir(FOLDER, { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !/(spec|contract)\.ts$/.test(file),
    );
    const sources = await Promise.all(files.map(async (file) => readFile(join(FOLDER, file), 'utf8')));
    source = sources.join('\n');
  });

  /** The names in the first column of a section's table. */
  function listed(heading: string): string[] {
    const [, section = ''] = readme.split(`## ${heading}\n`);
    const [body = ''] = section.split('\n## ');
    return found(body, /^\| `([^`]+)` \|/gm);
  }

  function found(text: string, pattern: RegExp): string[] {
    return [...text.matchAll(pattern)].map(([, name = '']) => name).toSorted();
  }

  it('lists every request', () => {
    const handled = found(source, /@SubscribeMessage\('([^']+)'\)/g);
    expect(handled).not.toHaveLength(0);
    expect(listed('Requests')).toEqual(handled);
  });

  it('lists every push', () => {
    const pushed = found(source, /new OutboundFrame\('([^']+)'/g);
    expect(pushed).not.toHaveLength(0);
    expect(listed('Pushes')).toEqual(pushed);
  });

  it('states the limits that the source has', () => {
    const constants = ['MAX_USERS', 'MAX_TEXT', 'MAX_WATCHED', 'MAX_WATCHED_MEMBERS'];
    const [, limits = ''] = readme.split('## Limits\n');
    const stated = found(limits, /^\| [^|]+ \| (\d+)/gm).map(Number);
    const inSource = constants.map((name) => Number(new RegExp(`const ${name} = (\\d+)`).exec(source)?.[1]));
    expect(new Set(stated)).toEqual(new Set(inSource));
  });
});
