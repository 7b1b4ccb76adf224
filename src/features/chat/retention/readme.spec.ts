import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');

describe('the README of retention', () => {
  const readme = read('README.md');

  it('lists every file', () => {
    const listed = [...readme.matchAll(/^\| `([a-z.-]+\.ts)`/gm)].map(([, file]) => file);
    const files = readdirSync(import.meta.dirname).filter((file) => /(?<!index|spec|model)\.ts$/.test(file));
    expect(listed.toSorted()).toEqual(files.toSorted());
  });

  it.each([
    [/PERIOD_MS = (600_000);/, '| time between two sweeps | 10 minutes |'],
    [/ROOMS_PER_READ = (500);/, '| rooms looked at in one read | 500 |'],
    [/ROWS_PER_WRITE = (50);/, '| rows of one transaction | 50, or those of one event |'],
  ])('gives the limit %s', (limit, row) => {
    expect(read('retention-sweeper.ts')).toMatch(limit);
    expect(readme).toContain(row);
  });
});
