/**
 * What one, two and three nodes carry on this machine, which PostgreSQL, Redis and the load generator share with them, and what a
 * message costs: durable sends a second when nothing is idle, CPU time of the nodes, of PostgreSQL and of Redis for each. The
 * configurations take turns, each freshly started; ratios are those of one turn, and medians of the turns are printed.
 * About twenty minutes: node bench/nodes/main.js
 * in three, for a look: node bench/nodes/main.js --quick
 */
import { availableParallelism, loadavg } from 'node:os';
import compile from '../../test/support/compile.js';
import { median, rounded } from '../compare/report.js';
import { delay } from '../compare/stage.js';
import { Fleet } from './fleet.js';
import { FLEETS, readOptions, SHAPES } from './options.js';

const BYTES = 128;
const PATIENCE_MS = 5000;
const LOOK_MS = 100;
/** What the others are compared with. */
const REFERENCE = '1 node';

const options = readOptions();
await compile();
console.log(`cores: ${availableParallelism()}; load of the machine before: ${loadavg().map(Math.round)}`);
for (const shape of options.shapes) {
  const turns = [];
  for (let turn = 0; turn < options.repeat; turn += 1) turns.push(await playTurn(shape));
  printTable(shape, turns);
}
console.log(`\nload of the machine after: ${loadavg().map(Math.round)}`);
process.exit(0);

/** Every configuration once. */
async function playTurn(name) {
  const turn = {};
  for (const [fleet, nodes] of Object.entries(FLEETS)) {
    process.stderr.write(`${name}: ${fleet}\n`);
    turn[fleet] = await measure(SHAPES[name], nodes);
  }
  return turn;
}

async function measure(shape, nodes) {
  const fleet = await Fleet.start(shape, nodes);
  try {
    const load = { bytes: BYTES, inFlight: shape.inFlight };
    await warm(fleet.generator, load);
    await fleet.generator.ask('start', load);
    await delay((options.seconds * 1000) / 4);
    const before = await fleet.sample();
    await delay(options.seconds * 1000);
    const after = await fleet.sample();
    return {
      ...figures(before, after),
      ...(await fleet.generator.ask('finish', { patienceMs: PATIENCE_MS })),
    };
  } finally {
    await fleet.stop();
  }
}

/** Until the nodes have handled enough for their hot code to be compiled. */
async function warm(generator, load) {
  const endMs = performance.now() + options.warmSeconds * 1000;
  await generator.ask('start', load);
  for (let sent = 0; sent < options.warmMessages && performance.now() < endMs;) {
    await delay(LOOK_MS);
    ({ sent } = await generator.ask('sample'));
  }
  await generator.ask('finish', { patienceMs: PATIENCE_MS });
}

/** A message is sent anew for each that has come back, and it comes back once it is stored: as many are sent as are stored. */
function figures(before, after) {
  const since = (key) => after[key] - before[key];
  const us = since('atMs') * 1000;
  const { postgresUs, redisUs } = Fleet.spentByServers(before, after);
  const each = (spent) => (spent === null ? null : spent / since('sent'));
  return {
    perS: (since('sent') / us) * 1e6,
    nodeUs: each(since('nodeUs')),
    deliveryUs: since('nodeUs') / since('delivered'),
    postgresUs: each(postgresUs),
    redisUs: each(redisUs),
    nodeCores: since('nodeUs') / us,
    storeCores: postgresUs === null ? null : (postgresUs + redisUs) / us,
    generatorCores: since('cpuUs') / us,
  };
}

function printTable(name, turns) {
  const columns = {
    'sends/s': (fleet) => of(turns, fleet, 'perS'),
    ratio: (fleet) => ratio(turns, fleet, 'perS'),
    'node µs/send': (fleet) => of(turns, fleet, 'nodeUs'),
    'ratio ': (fleet) => ratio(turns, fleet, 'nodeUs'),
    'node µs/delivery': (fleet) => of(turns, fleet, 'deliveryUs'),
    'PostgreSQL µs/send': (fleet) => of(turns, fleet, 'postgresUs'),
    'Redis µs/send': (fleet) => of(turns, fleet, 'redisUs'),
    'cores: nodes': (fleet) => of(turns, fleet, 'nodeCores'),
    'PostgreSQL, Redis': (fleet) => of(turns, fleet, 'storeCores'),
    generator: (fleet) => of(turns, fleet, 'generatorCores'),
    'p50 ms': (fleet) => of(turns, fleet, 'p50'),
    lost: (fleet) => sum(turns, fleet, 'lost'),
    doubled: (fleet) => sum(turns, fleet, 'doubled'),
  };
  console.log(`\n${name}: rooms x members; ratios to ${REFERENCE}; medians of ${turns.length}\n`);
  console.log(`| | ${Object.keys(columns).join(' | ')} |`);
  console.log(
    `|---|${Object.keys(columns)
      .map(() => '---:')
      .join('|')}|`,
  );
  for (const fleet of Object.keys(FLEETS)) {
    const cells = Object.values(columns).map((cell) => rounded(cell(fleet)));
    console.log(`| ${fleet} | ${cells.join(' | ')} |`);
  }
}

function of(turns, fleet, key) {
  return median(turns.map((turn) => turn[fleet][key]));
}

function ratio(turns, fleet, key) {
  return median(turns.map((turn) => turn[fleet][key] / turn[REFERENCE][key]));
}

function sum(turns, fleet, key) {
  return turns.reduce((total, turn) => total + turn[fleet][key], 0);
}
