import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../testing/index.js';
import { Rounds } from './rounds.js';

/** Rounds that end when they are told to, and what became of them. */
function rounds() {
  const ends: ReturnType<typeof withResolvers>[] = [];
  const failures: unknown[] = [];
  const made = new Rounds(
    async () => {
      const end = withResolvers();
      ends.push(end);
      await end.promise;
    },
    (error) => failures.push(error),
  );
  return { made, ends, failures };
}

function withResolvers() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

/** Until all that can go on has. */
const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('rounds', () => {
  it('come by the clock until they are stopped', async () => {
    const clock = new ManualClock();
    let count = 0;
    const made = new Rounds(async () => void (count += 1), fail);
    made.start(clock, 1000);
    await clock.advance(999);
    expect(count).toBe(0);
    await clock.advance(2001);
    expect(count).toBe(3);
    await made.stop();
    await clock.advance(5000);
    expect([count, made.isStopped]).toEqual([3, true]);
  });

  it('are shared by those who ask while another is under way', async () => {
    const { made, ends } = rounds();
    const told: string[] = [];
    const asked = ['first', 'second', 'third'].map((name) => made.round().then(() => told.push(name)));
    await settled();
    expect(ends).toHaveLength(1);
    ends[0]?.resolve();
    await settled();
    expect([ends.length, told]).toEqual([2, ['first']]);
    ends[1]?.resolve();
    await Promise.all(asked);
    expect([ends.length, told]).toEqual([2, ['first', 'second', 'third']]);
  });

  it('are never two at once, whenever they are asked for', async () => {
    let [active, most, count] = [0, 0, 0];
    const made = new Rounds(async () => {
      most = Math.max(most, (active += 1));
      count += 1;
      for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
      active -= 1;
    }, fail);
    const asked: Promise<void>[] = [];
    for (let turn = 0; turn < 100; turn += 1) {
      asked.push(made.round());
      await Promise.resolve();
    }
    await Promise.all(asked);
    expect([active, most]).toEqual([0, 1]);
    expect(count).toBeGreaterThan(5);
  });

  it('go on after one that failed', async () => {
    const { made, ends, failures } = rounds();
    const [failing, next] = [made.round(), made.round()];
    const fault = new Error('the store is away');
    ends[0]?.reject(fault);
    await failing;
    await settled();
    expect([failures, ends.length]).toEqual([[fault], 2]);
    ends[1]?.resolve();
    await next;
    expect(failures).toHaveLength(1);
  });

  it('are over when they have stopped, but for those that are asked for', async () => {
    const { made, ends } = rounds();
    void made.round();
    void made.round();
    let hasStopped = false;
    const stopping = made.stop().then(() => (hasStopped = true));
    ends[0]?.resolve();
    await settled();
    expect([hasStopped, ends.length]).toEqual([false, 2]);
    ends[1]?.resolve();
    await stopping;
    const last = made.round();
    ends[2]?.resolve();
    await last;
    expect(ends).toHaveLength(3);
  });
});

function fail(error: unknown): never {
  throw error;
}
