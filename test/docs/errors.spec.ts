import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { CLOSE, ERROR_STATUS } from '../../src/realtime/index.js';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

describe('the documented errors', () => {
  it('are the codes of the source with their statuses, and no others', () => {
    const rows = page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm);
    const documented = Object.fromEntries([...rows].map(([, code, status]) => [code, Number(status)]));
    expect(documented).toEqual(ERROR_STATUS);
  });

  it('are the close codes of the source, and no others', () => {
    const rows = page.matchAll(/^\| (\d{4}) \|/gm);
    expect(new Set([...rows].map(([, code]) => Number(code)))).toEqual(new Set(Object.values(CLOSE)));
  });

  it('are in the contract', () => {
    for (const code of Object.keys(ERROR_STATUS)) {
      expect(protocol).toContain(`\`${code}\``);
    }
    for (const code of Object.values(CLOSE))
      expect(protocol).toMatch(new RegExp(`\\| [\\d, ]*\\b${code}\\b`));
  });
});
