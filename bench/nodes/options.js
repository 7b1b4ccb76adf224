import { parseArgs } from 'node:util';

const FULL = { repeat: 5, seconds: 6, warmMessages: 4000, warmSeconds: 8 };
const QUICK = { repeat: 1, seconds: 1, warmMessages: 300, warmSeconds: 1 };

/** About 200 messages are on their way in each. */
export const SHAPES = {
  '1x100': { rooms: 1, members: 100, inFlight: 200 },
  '50x10': { rooms: 50, members: 10, inFlight: 4 },
};

/** Nodes of the cluster; none is the embedded store's one node. */
export const FLEETS = { 'SQLite, 1 node': 0, '1 node': 1, '2 nodes': 2, '3 nodes': 3 };

/** What the command line asks for. */
export function readOptions() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, repeat: text, seconds: text, shapes: text },
  });
  const preset = values.quick ? QUICK : FULL;
  return {
    ...preset,
    repeat: Number(values.repeat ?? preset.repeat),
    seconds: Number(values.seconds ?? preset.seconds),
    shapes: values.shapes?.split(',') ?? Object.keys(SHAPES),
  };
}
