import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from 'parley/testing';
import { REQUEST_NAMES } from './steps.js';
import { campaign } from './play.js';

const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);
const path = process.env['MODEL_PATH'];
const seconds = Number(process.env['MODEL_SECONDS'] ?? 30);
const length = Number(process.env['MODEL_STEPS'] ?? 200);

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
});
afterAll(async () => server.close());

describe('the service', () => {
  it(
    'does what the rules say',
    async () => {
      const limits = { runs: 1_000_000, length, budgetMs: seconds * 1000 };
      const { runs, failure, tally } = await campaign(server, { seed, path, ...limits });
      expect(failure?.report ?? '').toBe('');
      if (path !== undefined) return;
      expect(runs).toBeGreaterThan(seconds / 10);
      // It is the rules that were compared, not refusals alone.
      expect(REQUEST_NAMES.filter((name) => (tally.get(`${name} ok`) ?? 0) === 0)).toEqual([]);
      for (const code of ['NOT_FOUND', 'FORBIDDEN', 'CONFLICT', 'VALIDATION_FAILED'])
        expect([...tally.keys()].some((outcome) => outcome.endsWith(code)) ? code : '').toBe(code);
    },
    seconds * 10_000 + 60_000,
  );
});
