import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { SETTINGS } from '../../src/config/index.js';
import { documentedRows, envLines } from './settings-table.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rowsOf = (page: string): string[] => page.split('\n').filter((line) => line.startsWith('| `'));

describe('the configuration’s documentation', () => {
  it('has one row for each declared key, and no other', () => {
    expect(rowsOf(read('docs/configuration.md'))).toEqual(documentedRows());
  });

  it('names in the protocol every declared key, and no other', () => {
    const [, section = ''] = read('docs/protocol.md').split('## 8. Configuration');
    const keys = rowsOf(section).flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)]);
    const named = new Set(keys.map(([, key]) => key));
    // It is named in the row of the key that it stands in for.
    expect(section).toContain('SHARED_FILES');
    expect(new Set([...named, 'SHARED_FILES'])).toEqual(new Set(Object.keys(SETTINGS)));
  });

  it('gives in the protocol the declared defaults', () => {
    const [, section = ''] = read('docs/protocol.md').split('## 8. Configuration');
    for (const row of rowsOf(section)) {
      const [, names = '', defaults = ''] = row.split('|');
      const keys = [...names.matchAll(/`([A-Z0-9_]+)`/g)].map(([, key]) => key as keyof typeof SETTINGS);
      const values = defaults.split(/, (?!else|shared)/).map((value) => value.replaceAll('`', '').trim());
      const numeric = keys.filter((key) => /^\d+$/.test(SETTINGS[key].shownDefault));
      for (const key of numeric) {
        expect([key, values[keys.indexOf(key)]?.split(' ')[0]]).toEqual([key, SETTINGS[key].shownDefault]);
      }
    }
  });

  it('lists in .env every key, commented out', () => {
    const env = read('.env');
    expect(env.split('\n').filter((line) => line.startsWith('#') && !line.startsWith('##'))).toEqual(
      envLines(),
    );
    expect(parseEnv(env)).toEqual({});
  });
});
