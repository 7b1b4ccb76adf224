import { beforeAll, describe, expect, it } from '@jest/globals';
import type { AuthSettings } from '../auth.settings.js';
import { PasswordHasher } from './password-hasher.js';

const CHEAP: AuthSettings = {
  accessTokenTtlS: 900,
  refreshTokenTtlS: 3_600,
  isRegistrationOpen: true,
  isDirectoryOpen: true,
  maxAnswerBytes: 262_144,
  issuer: 'parley',
  loginsPerMinute: 0,
  passwordHashing: { memoryKiB: 64, passes: 1, concurrency: 2 },
};

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher(CHEAP);

  it('hashes with argon2id, salted, and as dear as the settings say', async () => {
    const [one, two] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    expect(two).not.toBe(one);
  });

  it('follows OWASP’s advice when the settings say nothing', async () => {
    const { passwordHashing: _, ...settings } = CHEAP;
    expect(await new PasswordHasher(settings).hash('x')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('matches the right password only, and nothing for nobody', async () => {
    const stored = await hasher.hash('correct horse');
    expect(await hasher.matches('correct horse', stored)).toBe(true);
    expect(await hasher.matches('correct hors', stored)).toBe(false);
    expect(await hasher.matches('correct horse', null)).toBe(false);
  });

  describe('in a storm of logins', () => {
    let answers: PromiseSettledResult<boolean>[];

    beforeAll(async () => {
      const stored = await hasher.hash('correct horse');
      const storm = Array.from({ length: 1_100 }, async () => hasher.matches('correct horse', stored));
      answers = await Promise.allSettled(storm);
    });

    it('serves those who fit the queue and refuses the rest at once', () => {
      const refused = answers.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(1_100 - 1_000 - 2);
      for (const { reason } of refused as PromiseRejectedResult[]) {
        expect(reason).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 5_000 });
      }
    });

    it('serves again when it is over', async () => {
      expect(await hasher.matches('correct horse', await hasher.hash('correct horse'))).toBe(true);
    });
  });

  it('leaves the event loop to others meanwhile (T50)', async () => {
    const { passwordHashing: _, ...settings } = CHEAP;
    let turns = 0;
    let next = setImmediate(function turn() {
      turns += 1;
      next = setImmediate(turn);
    });
    await new PasswordHasher(settings).hash('correct horse');
    clearImmediate(next);
    expect(turns).toBeGreaterThan(0);
  });

  it('takes as long for nobody as for a wrong password (T25)', async () => {
    const dear = new PasswordHasher({
      ...CHEAP,
      passwordHashing: { memoryKiB: 8_192, passes: 2, concurrency: 1 },
    });
    await dear.prepare();
    const stored = await dear.hash('correct horse');
    const times = { wrong: [] as number[], nobody: [] as number[] };
    for (let round = 0; round < 25; round += 1) {
      times.wrong.push(await timeOf(async () => dear.matches('wrong', stored)));
      times.nobody.push(await timeOf(async () => dear.matches('wrong', null)));
    }
    // The fastest of many is what the work itself takes, whatever else the machine does.
    const ratio = Math.min(...times.wrong) / Math.min(...times.nobody);
    expect(Math.abs(Math.log2(ratio))).toBeLessThan(0.5);
  });
});

async function timeOf(task: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await task();
  return performance.now() - started;
}
