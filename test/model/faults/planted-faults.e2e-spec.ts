/* @one-node A service with a fault is started by a main file of its own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startProcess } from 'parley/testing';
import { campaign, type Failure } from '../play.js';
import { type Fault, FAULTS } from './faults.js';
import { plant } from './plant.js';

/** The seed leads to a fault within a dozen sequences; on a machine that is busy, they take their time. */
const SEARCH_MS = 180_000;
const LENGTH = 200;

/** One of each area, or with `MODEL_FAULTS=all` every one. */
const isPlanted = (fault: Fault): boolean =>
  process.env['MODEL_FAULTS'] === 'all' || FAULTS.find(({ area }) => area === fault.area) === fault;

/** What the model finds in a service with this fault. */
async function found(fault: Fault, index: number): Promise<Failure | undefined> {
  const { main, remove } = await plant(fault, `fault-${index}`);
  const cwd = await mkdtemp(join(tmpdir(), 'parley-fault-'));
  const service = await startProcess({ cwd, main });
  try {
    const limits = {
      runs: 1_000_000,
      length: LENGTH,
      budgetMs: SEARCH_MS,
      isShrunk: false,
      patienceMs: 1000,
    };
    const { failure } = await campaign(service, { seed: fault.seed, ...limits });
    return failure;
  } finally {
    await service.kill('SIGKILL');
    await Promise.all([remove(), rm(cwd, { recursive: true, force: true })]);
  }
}

describe('the model', () => {
  it.each(FAULTS.filter(isPlanted).map((fault, index) => [fault.area, fault.name, fault, index] as const))(
    'finds a fault of %s: %s',
    async (_, __, fault, index) => {
      const failure = await found(fault, index);
      expect(failure?.where).toMatch(fault.shows);
    },
    SEARCH_MS * 2,
  );

  it('has a fault of each of its areas', () => {
    const areas = ['rights', 'seq', 'unread', 'dedupe', 'delete', 'sync', 'pushes', 'search'];
    expect([...new Set(FAULTS.map(({ area }) => area))]).toEqual(areas);
  });
});

describe('planting', () => {
  it.each([
    ['is not there', 'no line of the service reads like this'],
    ['is there twice', 'return'],
  ])('fails when the place %s', async (_, find) => {
    await expect(plant({ find, replace: '' }, 'nowhere')).rejects.toThrow(/instead of once/);
  });
});
