import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LargeRooms } from './large-rooms.js';

const read = async (file: string) => readFile(join(import.meta.dirname, file), 'utf8');

/** The numbers that a file declares, by name. */
async function numbersIn(file: string): Promise<Record<string, number>> {
  const found = (await read(file)).matchAll(/^const ([A-Z_]+) = ([\d_]+);/gm);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [name, Number(value.replaceAll('_', ''))]),
  );
}

describe('the README of large rooms', () => {
  it('gives the limits of the source', async () => {
    const readme = await read('README.md');
    const windows = await numbersIn('gathering-windows.ts');
    const events = await numbersIn('../log/append/large-rooms/gatherings.ts');
    const typists = await numbersIn('../typing/typist-pushes.ts');
    expect(windows['MOST_WAITING']).toBe(events['MOST_NAMED']);
    const joins = `those of ${windows['WINDOW_MS']} ms, ${events['MOST_NAMED']} users at most`;
    const lists = `${typists['MOST_IN_LARGE_ROOMS']} at most, every ${typists['LONGEST_PAUSE_MS']} ms at most`;
    for (const limit of [joins, lists]) expect(readme).toContain(`${limit} |`);
  });

  it('names every count, and no other', async () => {
    const [, counts = ''] = (await read('README.md')).split('`LargeRooms.spared` counts');
    const named = [...counts.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    const { spared } = new LargeRooms({ rooms: { largeMembers: 1, maxMembers: 2 } });
    expect(named.toSorted()).toEqual(Object.keys(spared).toSorted());
  });
});
