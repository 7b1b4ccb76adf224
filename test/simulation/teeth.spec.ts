import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Check } from './checks/broken.js';
import { FAULTS } from './plants.js';
import { verdict } from './simulate.js';

/** Most are found within a few dozen; how soon follows from the seeds, which are always the same. */
const MOST_RUNS = 600;

beforeAll(() => Logger.overrideLogger(false));

describe('a planted fault is found', () => {
  it.each(FAULTS)('when $name', async ({ checks, plant }) => {
    const due = new Set<Check>(checks);
    for (let seed = 1; seed <= MOST_RUNS && due.size > 0; seed += 1) {
      const broken = await verdict(seed, plant);
      if (broken !== undefined) due.delete(broken.check);
    }
    expect([...due]).toEqual([]);
  });
});
