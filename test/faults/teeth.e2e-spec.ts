import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { randomOf } from '../support/cluster/chooser.js';
import { keepHistory } from './kept-history.js';
import { mainOf, type Plant, PLANTS } from './plants.js';
import { play } from './run.js';

/** How many a run tries unless it is told to try them all. */
const SOME = 2;
const FAULT_MS = 4_000;

const seed = Number(process.env['FAULT_SEED'] ?? randomInt(1_000_000));
const random = randomOf(seed);
const shuffled = PLANTS.map((plant) => ({ plant, place: random() })).toSorted((a, b) => a.place - b.place);

function chosen(): readonly Plant[] {
  const wanted = process.env['TEETH'];
  if (wanted === 'all') return PLANTS;
  if (wanted !== undefined) return PLANTS.filter(({ name }) => wanted.split(',').includes(name));
  return shuffled.slice(0, SOME).map(({ plant }) => plant);
}

describe('a service that', () => {
  it.each(chosen().map((plant) => [plant.what, plant.check, plant] as const))(
    '%s breaks %s',
    async (_, check, plant) => {
      const { fault, faultMs = FAULT_MS, quietMs } = plant;
      const main = mainOf(plant);
      const run = await play({ seed, faults: [fault], faultMs, quietMs, main });
      const folder = process.env['TEETH_HISTORIES'];
      if (folder !== undefined) await keepHistory(run, join(folder, `${plant.name}.jsonl`));
      const counts: Record<string, number> = {};
      for (const breach of run.breaches) counts[breach.check] = (counts[breach.check] ?? 0) + 1;
      process.stdout.write(`FAULT_SEED=${seed} ${plant.name}: ${JSON.stringify(counts)}\n`);
      expect(Object.keys(counts)).toContain(check);
    },
    200_000,
  );
});
