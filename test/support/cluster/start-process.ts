import { expect } from '@jest/globals';
import {
  type Exit,
  type ProcessOptions,
  type RunningChild,
  startProcess as startNode,
  TestProcess,
} from '../../../src/testing/start-process.js';
import { chooser } from './chooser.js';
import { type ClusterStores, openStores } from './cluster-stores.js';

export {
  type Exit,
  type ProcessOptions,
  type RunningChild,
  runProcess,
  TestProcess,
} from '../../../src/testing/start-process.js';

const NODES = 3;

/**
 * Stands in for the test kit's `startProcess` in `npm run test:cluster`: three processes on a database and a Redis of their own,
 * which are signalled together. Each call and each connection goes to one of them by chance.
 */
export async function startProcess(options: ProcessOptions): Promise<TestProcess> {
  const stores = await openStores(options.cwd);
  const env = { ...stores.env, DURABILITY: 'process', ...options.env };
  const nodes: TestProcess[] = [];
  try {
    // One after the other: three at once take a busy machine longer than a start may last.
    while (nodes.length < NODES) nodes.push(await startNode({ ...options, env }));
  } catch (error) {
    await Promise.all(nodes.map(async (node) => node.kill('SIGKILL')));
    await stores.close();
    throw error;
  }
  const choose = chooser(expect.getState().currentTestName);
  return new TestProcess(() => choose(nodes).url, asOne(nodes, stores));
}

function asOne(nodes: readonly TestProcess[], stores: ClusterStores): RunningChild {
  return {
    pid: undefined,
    exited: endOf(nodes, stores),
    output: () => nodes.map(({ output }) => output).join(''),
    onOutput: (look) => {
      for (const node of nodes) node.onOutput(look);
    },
    kill: (signal) => {
      for (const node of nodes) node.signal(signal);
    },
  };
}

/** How all have ended: as the first of them that did not end well, if there is one. */
async function endOf(nodes: readonly TestProcess[], stores: ClusterStores): Promise<Exit> {
  const exits = await Promise.all(nodes.map(async ({ exited }) => exited));
  await stores.close();
  const [first] = exits;
  if (first === undefined) throw new Error('there are no nodes');
  return exits.find(({ code }) => code !== 0) ?? first;
}
