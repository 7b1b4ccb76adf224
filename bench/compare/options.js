import { parseArgs } from 'node:util';
import { SHAPES } from './shapes.js';

/** `warmMessages` make a server warm before it is measured, for `warmSeconds` at the most. */
const FULL = {
  repeat: 3,
  seconds: 4,
  warmMessages: 6000,
  warmSeconds: 8,
  idle: 10_000,
  connecting: 2500,
  shapes: Object.keys(SHAPES),
};
const QUICK = {
  repeat: 1,
  seconds: 0.5,
  warmMessages: 300,
  warmSeconds: 0.5,
  idle: 1000,
  connecting: 1000,
  shapes: ['1x100', '1000x2'],
};

const USAGE = `npm run bench -- [--quick] [--repeat n] [--seconds n] [--peers a,b] [--shapes a,b]
  [--scenarios traffic,connecting,idle] [--profile folder]`;

/** What the command line asks for. */
export function readOptions() {
  const values = readValues();
  const preset = values.quick ? QUICK : FULL;
  const listed = (key) => values[key]?.split(',');
  return {
    ...preset,
    repeat: Number(values.repeat ?? preset.repeat),
    seconds: Number(values.seconds ?? preset.seconds),
    peers: listed('peers'),
    shapes: listed('shapes') ?? preset.shapes,
    scenarios: listed('scenarios') ?? ['traffic', 'connecting', 'idle'],
    profile: values.profile,
  };
}

function readValues() {
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      quick: flag,
      help: flag,
      repeat: text,
      seconds: text,
      peers: text,
      shapes: text,
      scenarios: text,
      profile: text,
    },
  });
  if (!values.help) return values;
  console.log(USAGE);
  process.exit(0);
}
