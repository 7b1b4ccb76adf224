import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import {
  type ServerOptions,
  startServer as startNode,
  TestServer,
} from '../../../src/testing/start-server.js';
import { openStores } from './cluster-stores.js';
import { chooser } from './chooser.js';

export { type ServerOptions, TestServer } from '../../../src/testing/start-server.js';

const NODES = 3;

/**
 * Stands in for the test kit's `startServer` in `npm run test:cluster`: three nodes in this process on a database and a Redis
 * of their own. Each call and each connection goes to a node by chance; providers and the configuration are those of the first,
 * the log is that of all.
 */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const stores = await openStores(options.dataDir);
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'parley-cluster-')));
  const end = async (): Promise<void> => {
    await stores.close();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const nodes = await startNodes({ ...options, dataDir, env: { ...stores.env, ...options.env } });
    return new TestCluster(nodes, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function startNodes(options: ServerOptions): Promise<[TestServer, ...TestServer[]]> {
  const logs: string[] = [];
  const start = async (): Promise<TestServer> => startNode(options, logs);
  const first = await start();
  const started = await Promise.allSettled(Array.from({ length: NODES - 1 }, start));
  const others = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed === undefined) return [first, ...others];
  await Promise.all([first, ...others].map(async (node) => node.close()));
  throw failed.reason;
}

class TestCluster extends TestServer {
  constructor(
    private readonly nodes: [TestServer, ...TestServer[]],
    private readonly end: () => Promise<void>,
  ) {
    const choose = chooser(expect.getState().currentTestName);
    super(nodes[0].app, () => choose(nodes).url, nodes[0].logs, end);
  }

  override async close(): Promise<void> {
    await this.endClients();
    await Promise.all(this.nodes.map(async (node) => node.close()));
    await this.end();
  }
}
