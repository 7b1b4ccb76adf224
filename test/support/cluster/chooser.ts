import { createHash } from 'node:crypto';

/** Chooses by chance, the same again for the same `test` in a run with the same `CLUSTER_SEED`. */
export function chooser(test = ''): <Item>(items: readonly Item[]) => Item {
  const seed = `${process.env['CLUSTER_SEED'] ?? 1} ${test}`;
  const next = randomOf(createHash('sha256').update(seed).digest().readUInt32BE());
  return (items) => {
    const item = items[Math.floor(next() * items.length)];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  };
}

/** Numbers from 0 up to 1, by the algorithm of Tommy Ettinger's mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
