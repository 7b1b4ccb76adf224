import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testing/index.js';
import { TEST_AUTH_SETTINGS } from '../testing.js';
import { LoginFailures } from './login-failures.js';

const LIMITED = { code: 'RATE_LIMITED' };
const WRONG = new Error('wrong');

describe('LoginFailures', () => {
  let clock: ManualClock;
  let failures: LoginFailures;

  beforeEach(() => {
    clock = new ManualClock();
    failures = new LoginFailures(clock, { ...TEST_AUTH_SETTINGS, loginsPerMinute: 10 });
  });

  async function fail(account = 'ann', error: Error = WRONG, of = failures): Promise<unknown> {
    const guess = async (): Promise<never> => Promise.reject(error);
    return await of
      .judge({ account, address: '192.0.2.1' }, guess, (thrown) => thrown === WRONG)
      .catch((thrown: unknown) => thrown);
  }

  it('forgets failures an hour after the last', async () => {
    for (let i = 0; i < 5; i += 1) await fail();
    await clock.advance(3_599_999);
    await fail();
    expect(await fail()).toMatchObject({ ...LIMITED, retryAfterMs: 2_000 });
    await clock.advance(3_600_000);
    for (let i = 0; i < 5; i += 1) expect(await fail()).toBe(WRONG);
  });

  it('does not take our own faults for wrong guesses', async () => {
    const fault = new Error('the disk is full');
    for (let i = 0; i < 20; i += 1) expect(await fail('ann', fault)).toBe(fault);
    for (let i = 0; i < 5; i += 1) expect(await fail()).toBe(WRONG);
    expect(await fail()).toMatchObject(LIMITED);
  });

  it('keeps an address and a name apart, whatever they hold', async () => {
    for (let i = 0; i < 5; i += 1) await fail('a","b');
    expect(await fail('a","b')).toMatchObject(LIMITED);
    expect(await fail('a')).toBe(WRONG);
  });

  it('remembers so many at most, the latest', async () => {
    for (let i = 0; i < 5; i += 1) await fail('first');
    for (let i = 0; i < 5; i += 1) await fail('second');
    for (let i = 0; i < 49_999; i += 1) await fail(`other ${i}`);
    expect(await fail('second')).toMatchObject(LIMITED);
    expect(await fail('first')).toBe(WRONG);
  });

  it('is off where logins are without limit', async () => {
    const off = new LoginFailures(clock, TEST_AUTH_SETTINGS);
    for (let i = 0; i < 50; i += 1) expect(await fail('ann', WRONG, off)).toBe(WRONG);
  });
});
