import { describe, expect, it } from '@jest/globals';
import type { FaultRecord } from '../checker/index.js';
import { longestGapMs, recoveryMs } from './outages.js';

const ok = (t: number, attempt = ''): FaultRecord => ({ t, kind: 'ok', attempt, seq: 1, isDuplicate: false });

/** One send every 100 ms, answered after so long. */
function sends(from: number, until: number, waitMs: number, answer: 'ok' | 'fail' = 'ok'): FaultRecord[] {
  const records: FaultRecord[] = [];
  for (let t = from; t < until; t += 100) {
    const attempt = `at ${t}`;
    const names = { connection: 'one', user: 'ann', room: 'garden', clientId: attempt, text: '' };
    records.push({ t, kind: 'invoke', attempt, ...names });
    if (answer === 'ok') records.push(ok(t + waitMs, attempt));
    else records.push({ t: t + waitMs, kind: 'fail', attempt, code: 'UNAVAILABLE' });
  }
  return records;
}

const span = { beginMs: 10_000, endMs: 20_000 };
const calm = { beginMs: 0, endMs: 3_000 };

describe('the longest time without an acknowledgement', () => {
  it('lies between two of them', () =>
    expect(longestGapMs([ok(12_000), ok(17_500), ok(19_000)], span)).toBe(5_500));

  it('may be the one before the first', () =>
    expect(longestGapMs([ok(16_000), ok(18_000)], span)).toBe(6_000));

  it('may be the one after the last', () => expect(longestGapMs([ok(11_000), ok(21_000)], span)).toBe(9_000));

  it('is all of it when there was none', () =>
    expect(longestGapMs([ok(9_000), ok(20_500)], span)).toBe(10_000));
});

describe('the time to recover', () => {
  const before = sends(0, 3_000, 20);

  it('is none when the first second is as it was', () =>
    expect(recoveryMs([...before, ...sends(10_000, 20_000, 20)], span, calm)).toBe(0));

  it('counts what is refused as not recovered', () => {
    const after = [...sends(10_000, 12_000, 5, 'fail'), ...sends(12_000, 20_000, 20)];
    expect(recoveryMs([...before, ...after], span, calm)).toBe(2_000);
  });

  it('counts what comes late as not recovered, however much of it comes', () => {
    const after = [...sends(10_000, 13_000, 400), ...sends(13_000, 20_000, 30)];
    expect(recoveryMs([...before, ...after], span, calm)).toBe(3_000);
  });

  it('is not known when it never was as before', () =>
    expect(recoveryMs([...before, ...sends(10_000, 20_000, 400)], span, calm)).toBeUndefined());
});
