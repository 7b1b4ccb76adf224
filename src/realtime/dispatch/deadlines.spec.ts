import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../testing/index.js';
import { Deadlines, type Due } from './deadlines.js';

class Recorded implements Due {
  dueAtMs = 0;
  missedAtMs: number[] = [];

  constructor(private readonly clock: ManualClock) {}

  onMissed(): void {
    this.missedAtMs.push(this.clock.monotonicMs());
  }
}

describe('deadlines', () => {
  it('are missed at their time, once, unless they are cancelled', async () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock, 100);
    const [met, missed, later] = [new Recorded(clock), new Recorded(clock), new Recorded(clock)];
    deadlines.set(met);
    deadlines.set(missed);
    await clock.advance(60);
    deadlines.set(later);
    deadlines.cancel(met);
    await clock.advance(1000);
    expect([met, missed, later].map(({ missedAtMs }) => missedAtMs)).toEqual([[], [100], [160]]);
  });

  it('that are missed may set the next', async () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock, 10);
    const next = new Recorded(clock);
    deadlines.set({ dueAtMs: 0, onMissed: () => deadlines.set(next) });
    await clock.advance(100);
    expect(next.missedAtMs).toEqual([20]);
  });

  it('never miss what was cancelled in time, and miss all else at its time', async () => {
    // At the very moment of the deadline either is right.
    const cancelAfterMs = fc.option(fc.nat(80).filter((ms) => ms !== 50));
    const steps = fc.array(fc.record({ waitMs: fc.nat(40), cancelAfterMs }), { maxLength: 30 });
    const property = fc.asyncProperty(steps, async (plan) => {
      const clock = new ManualClock();
      const deadlines = new Deadlines(clock, 50);
      const expected: number[][] = [];
      const all: Recorded[] = [];
      for (const step of plan) {
        await clock.advance(step.waitMs);
        const due = new Recorded(clock);
        all.push(due);
        if (step.cancelAfterMs !== null) clock.after(step.cancelAfterMs, () => deadlines.cancel(due));
        deadlines.set(due);
        const isCancelled = step.cancelAfterMs !== null && step.cancelAfterMs < 50;
        expected.push(isCancelled ? [] : [clock.monotonicMs() + 50]);
      }
      await clock.advance(200);
      expect(all.map(({ missedAtMs }) => missedAtMs)).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
