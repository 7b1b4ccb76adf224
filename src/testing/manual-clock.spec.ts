import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('stands still by itself', async () => {
    const clock = new ManualClock('2030-01-01T00:00:00.000Z');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.isoNow()).toBe('2030-01-01T00:00:00.000Z');
    expect(clock.monotonicMs()).toBe(0);
  });

  it('runs what is due, in order, each at its own moment', async () => {
    const clock = new ManualClock(0);
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name}@${clock.monotonicMs()}`);
    clock.after(30, note('late'));
    clock.after(10, note('first'));
    clock.after(10, note('second'));
    clock.after(31, note('not yet'));
    await clock.advance(30);
    expect(ran).toEqual(['first@10', 'second@10', 'late@30']);
    expect(clock.now()).toBe(30);
  });

  it('repeats periods until cancelled', async () => {
    const clock = new ManualClock();
    let count = 0;
    const cancel = clock.every(10, () => count++);
    await clock.advance(35);
    expect(count).toBe(3);
    cancel();
    await clock.advance(100);
    expect(count).toBe(3);
  });

  it('runs what a task schedules within the same stretch', async () => {
    const clock = new ManualClock();
    const ran: number[] = [];
    clock.after(10, () => void clock.after(10, () => ran.push(clock.monotonicMs())));
    await clock.advance(25);
    expect(ran).toEqual([20]);
  });

  it('awaits what a task sets off before the next task', async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    clock.after(1, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => ran.push('consequence'));
    });
    clock.after(2, () => ran.push('next'));
    await clock.advance(2);
    expect(ran).toEqual(['consequence', 'next']);
  });

  it('forgets a cancelled task', async () => {
    const clock = new ManualClock();
    let hasRun = false;
    clock.after(5, () => (hasRun = true))();
    await clock.advance(10);
    expect(hasRun).toBe(false);
  });

  it('jumps in wall time alone', async () => {
    const clock = new ManualClock(0);
    let hasRun = false;
    clock.after(10, () => (hasRun = true));
    clock.jump(3_600_000);
    await clock.advance(1);
    expect(hasRun).toBe(false);
    expect(clock.now()).toBe(3_600_001);
    expect(clock.monotonicMs()).toBe(1);
  });
});
