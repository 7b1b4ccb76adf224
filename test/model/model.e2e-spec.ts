import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from 'parley/testing';
import { campaign } from './play.js';
import { REQUEST_NAMES } from './steps.js';

const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);
const path = process.env['MODEL_PATH'];
const seconds = Number(process.env['MODEL_SECONDS'] ?? 20);
const length = Number(process.env['MODEL_STEPS'] ?? 200);

/** Sequences that are played however slow the machine is: enough for every request to succeed in one. */
const LEAST_RUNS = 40;
const MOST_MS = 600_000;

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
});
afterAll(async () => server.close());

describe('the service', () => {
  it(
    'does what the rules say',
    async () => {
      const startedMs = performance.now();
      const least = { seed, path, runs: LEAST_RUNS, length, budgetMs: MOST_MS };
      const { failure, tally } = await campaign(server, least);
      // Says the seed, the path to the shrunk steps, and where the two disagree.
      expect(failure?.report ?? '').toBe('');
      if (path !== undefined) return;
      // It is the rules that were compared, not refusals alone.
      expect(REQUEST_NAMES.filter((name) => !tally.has(`${name} ok`))).toEqual([]);
      const codes = new Set([...tally.keys()].map((outcome) => outcome.split(' ')[1]));
      expect(codes).toEqual(new Set(['ok', 'NOT_FOUND', 'FORBIDDEN', 'CONFLICT', 'VALIDATION_FAILED']));

      const budgetMs = seconds * 1000 - (performance.now() - startedMs);
      if (budgetMs <= 0) return;
      const more = await campaign(server, { seed: seed + 1, runs: 1_000_000, length, budgetMs });
      expect(more.failure?.report ?? '').toBe('');
    },
    MOST_MS + seconds * 2000,
  );
});
