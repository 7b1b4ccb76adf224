/**
 * Parley beside other servers that do less: what each can deliver, what it costs them, how late they are, and what their
 * connections cost. Every server is started fresh, on a core of its own, and they take turns within each repetition, so
 * that a machine that is busy elsewhere is busy for all. Medians are printed. About half an hour:
 * npm run bench
 * in two minutes, roughly: npm run bench -- --quick
 */
import { loadavg } from 'node:os';
import compile from '../../test/support/compile.js';
import { measureCommit } from './commit.js';
import { measureConnecting, measureIdle } from './connections.js';
import { contenders } from './contenders.js';
import { canPin } from './cores.js';
import { buildHub, installPeers } from './install-peers.js';
import { readOptions } from './options.js';
import { medianRows, printTable } from './report.js';
import { SHAPES } from './shapes.js';
import { measureTraffic } from './traffic.js';
import { Worlds } from './world.js';

const options = readOptions();
installPeers();
await compile();
const worlds = await Worlds.open();
const main = `${process.env.PARLEY_COMPILED_DIR}/src/main.js`;
const all = contenders({ main, hub: buildHub(worlds.folder) });
const taking = Object.entries(all).filter(([name]) => options.peers?.includes(name) ?? true);

const scenarios = {
  async traffic() {
    const tables = new Map(options.shapes.map((shape) => [shape, newTable(taking)]));
    await repeat(async () => {
      for (const [shape, table] of tables) await inTurn(table, shape, trafficOf(SHAPES[shape]));
    });
    printTable('The disk, ms', { 'a commit': await measureCommit() });
    for (const [shape, table] of tables) printTable(`${shape}: rooms x members`, medianRows(table));
  },
  async connecting() {
    const ticketed = taking
      .filter(([, { hasAccounts }]) => hasAccounts)
      .map(([name, contender]) => [`${name}, ticket`, { ...contender, isByTicket: true }]);
    const table = newTable([...taking, ...ticketed]);
    await repeat(async () => inTurn(table, 'connecting', connectingOf));
    printTable('Connecting', medianRows(table));
  },
  async idle() {
    const table = newTable(taking);
    await inTurn(table, 'idle', idleOf);
    printTable(`${options.idle} idle connections`, medianRows(table));
  },
};

try {
  console.log(`pinned: ${canPin ? 'yes' : 'no'}; load of the machine before: ${loadavg().map(Math.round)}`);
  for (const scenario of options.scenarios) await scenarios[scenario]();
  console.log(`\nload of the machine after: ${loadavg().map(Math.round)}`);
} finally {
  await worlds.close();
}
process.exit(0);

function newTable(entries) {
  return new Map(entries.map(([name, contender]) => [name, { contender, runs: [] }]));
}

async function repeat(round) {
  for (let number = 0; number < options.repeat; number += 1) await round();
}

async function inTurn(table, title, measure) {
  for (const [name, { contender, runs }] of table) {
    process.stderr.write(`${title}: ${name}\n`);
    runs.push(await measure(contender));
  }
}

function trafficOf(shape) {
  const { profile, ...span } = options;
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const stopSignal = profile === undefined ? 'SIGKILL' : 'SIGTERM';
  return async (contender) => measureTraffic({ contender, shape, worlds, span, flags, stopSignal });
}

async function connectingOf({ isByTicket = false, ...contender }) {
  return await measureConnecting({ contender, worlds, connections: options.connecting, isByTicket });
}

async function idleOf(contender) {
  return await measureIdle({ contender, worlds, connections: options.idle });
}
