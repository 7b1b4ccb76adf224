import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');

describe('the README of search', () => {
  const readme = read('README.md');

  it('lists every request', () => {
    const events = [...read('search.gateway.ts').matchAll(/@SubscribeMessage\('([^']+)'\)/g)];
    const listed = [...readme.matchAll(/^\| `([a-z]+\.[a-z]+)`/gm)];
    expect(listed.map(([, event]) => event)).toEqual(events.map(([, event]) => event));
  });

  it.each([
    ['search.store.ts', /WINDOW = (500);/, '| matches ranked together | 500 |'],
    ['search.store.ts', /MAX_WINDOWS = (10);/, '| matches looked at for one answer | 5,000 |'],
    ['search.service.ts', /DEFAULT_PAGE = (20);/, '| `limit` | 20, at most 100 |'],
    ['../frames/page.frame.ts', /MAX_PAGE = (100);/, '| `limit` | 20, at most 100 |'],
    ['frames.ts', /min: 1, max: (200),/, '| `query` | 1 to 200 characters |'],
    ['snippet.ts', /LONGEST = (200);/, '| `snippet` | 200 characters, `…` included |'],
    [
      '../search-index/words.ts',
      /LONGEST_WORD = (64);/,
      '| a word that is told from others | 64 characters |',
    ],
  ])('gives the limit of %s %s', (file, limit, row) => {
    expect(read(file)).toMatch(limit);
    expect(readme).toContain(row);
  });
});
