import { randomInt } from 'node:crypto';
import { beforeAll, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CORPUS } from './corpus.js';
import { play, scenarioOf, shrunk, verdict } from './simulate.js';

const { SIM_SEED, SIM_RUNS } = process.env;
/** One seed is one run; runs go on from it. */
const FIRST_SEED = SIM_SEED === undefined ? randomInt(2 ** 31) : Number(SIM_SEED);
const RUNS = Number(SIM_RUNS ?? (SIM_SEED === undefined ? 10_000 : 1));

beforeAll(() => Logger.overrideLogger(false));

it(`keeps every promise in ${RUNS} runs from SIM_SEED=${FIRST_SEED}`, async () => {
  let delivered = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed += 1) {
    const broken = await verdict(seed, {}, (world) => (delivered += world.delivered));
    if (broken !== undefined) {
      throw new Error(`SIM_SEED=${seed} breaks a promise: ${broken.message}\n${await shrunk(seed)}`);
    }
  }
  expect(delivered).toBeGreaterThan(RUNS);
}, 3_600_000);

it.each(CORPUS)('keeps every promise when $name', async (known) => {
  await expect(play(known)).resolves.toBeDefined();
});

it('plays a seed the same way each time', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const [one, other] = [await play(scenarioOf(seed)), await play(scenarioOf(seed))];
    expect(other.tables.commits).toEqual(one.tables.commits);
    expect(other.sends.all).toEqual(one.sends.all);
    expect([other.delivered, other.chance]).toEqual([one.delivered, one.chance]);
  }
});
