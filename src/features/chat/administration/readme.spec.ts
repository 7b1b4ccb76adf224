import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const read = async (file: string) => readFile(join(import.meta.dirname, file), 'utf8');

const found = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name).toSorted();

describe('the README of administration', () => {
  it('lists every request, and no other', async () => {
    const [readme, gateway] = await Promise.all([read('README.md'), read('administration.gateway.ts')]);
    const requests = found(gateway, /@SubscribeMessage\('([^']+)'\)/g);
    expect(requests).not.toHaveLength(0);
    expect(found(readme, /^\| `(room\.\w+)` \|/gm)).toEqual(requests);
  });

  it('says how long a silence may be', async () => {
    const [readme, frames] = await Promise.all([read('README.md'), read('frames.ts')]);
    const [limit = ''] = found(frames, /MAX_SILENCE_S = ([\d_]+)/g);
    expect(readme).toContain(`0 to ${limit.replaceAll('_', ',')} (a year)`);
  });
});
