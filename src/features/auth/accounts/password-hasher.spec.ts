import { beforeAll, describe, expect, it } from '@jest/globals';
import type { AuthSettings } from '../auth.settings.js';
import { TEST_AUTH_SETTINGS } from '../testing.js';
import { PasswordHasher } from './password-hasher.js';

const CHEAP_HASHING = { memoryKiB: 64, passes: 1, concurrency: 2 };
const CHEAP: AuthSettings = { ...TEST_AUTH_SETTINGS, passwordHashing: CHEAP_HASHING };

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

  describe('for nobody (T25)', () => {
    it('lines up, hashes, and is refused in a crowd, as for somebody', async () => {
      const one = new PasswordHasher({ ...CHEAP, passwordHashing: { ...CHEAP_HASHING, concurrency: 1 } });
      await one.prepare();
      const crowd = Array.from({ length: 1_001 }, async () => one.matches('wrong', null));
      for (const stored of [null, await hasher.hash('correct horse')]) {
        await expect(one.matches('wrong', stored)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      }
      expect(new Set(await Promise.all(crowd))).toEqual(new Set([false]));
    });

    it('compares with a hash of the same memory, passes and lanes', async () => {
      expect(costOf(await hasher.standIn())).toBe(costOf(await hasher.hash('correct horse')));
    });
  });
});

function costOf(hash: string): string | undefined {
  return /^\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$/.exec(hash)?.[0];
}
