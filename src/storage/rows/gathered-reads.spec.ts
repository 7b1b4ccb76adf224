import { describe, expect, it } from '@jest/globals';
import { GatheredReads } from './gathered-reads.js';

/** A store whose calls are answered when they are told to. */
function store() {
  const calls: { keys: readonly number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const reads = new GatheredReads<number, string>(
    async (keys) =>
      new Promise((resolve, reject) => {
        const known = keys.filter((key) => key < 1000);
        calls.push({
          keys,
          answer: () => resolve(new Map(known.map((key) => [key, `the ${key}`]))),
          fail: reject,
        });
      }),
  );
  return { reads, calls };
}

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('gathered reads', () => {
  it('are one call for those who ask in one turn', async () => {
    const { reads, calls } = store();
    const asked = [1, 2, 1].map(async (key) => reads.of(key));
    await turn();
    expect(calls.map(({ keys }) => keys)).toEqual([[1, 2]]);
    calls[0]?.answer();
    expect(await Promise.all(asked)).toEqual(['the 1', 'the 2', 'the 1']);
  });

  it('start after each was asked for, however many are under way', async () => {
    const { reads, calls } = store();
    const first = reads.of(1);
    await turn();
    const later = [reads.of(1), reads.of(2)];
    await turn();
    expect(calls).toHaveLength(1);
    calls[0]?.answer();
    await first;
    await turn();
    expect(calls.map(({ keys }) => keys)).toEqual([[1], [1, 2]]);
    calls[1]?.answer();
    expect(await Promise.all(later)).toEqual(['the 1', 'the 2']);
  });

  it('give nothing for a key that there is nothing of', async () => {
    const { reads, calls } = store();
    const asked = reads.of(1000);
    await turn();
    calls[0]?.answer();
    expect(await asked).toBeUndefined();
  });

  it('fail together, and the next are asked for again', async () => {
    const { reads, calls } = store();
    const asked = [reads.of(1), reads.of(2)];
    const fates = Promise.allSettled(asked);
    await turn();
    const next = reads.of(1);
    calls[0]?.fail(new Error('away'));
    expect((await fates).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    calls[1]?.answer();
    expect(await next).toBe('the 1');
  });

  it('ask for some of very many at a time, each once', async () => {
    const { reads, calls } = store();
    const asked = Array.from({ length: 200 }, async (_, key) => reads.of(key));
    for (let call = 0; call < 4; call += 1) {
      while (calls.length <= call) await turn();
      calls[call]?.answer();
    }
    expect((await Promise.all(asked)).at(-1)).toBe('the 199');
    expect(calls.map(({ keys }) => keys.length)).toEqual([64, 64, 64, 8]);
  });
});
