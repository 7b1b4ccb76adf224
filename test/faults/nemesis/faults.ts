import type { Fault } from './fault.js';

/** One node after the other is killed and started again. */
const killNodes: Fault = {
  id: 'F01',
  title: 'a node is killed (`kill -9`) and started again',
  play: async ({ cluster, load, hold }) => {
    load.order('vanish');
    for (const node of cluster.nodes.slice(0, 2)) {
      await node.end('SIGKILL');
      await hold(0.25);
      await node.start();
      await hold(0.25);
    }
  },
};

const rollingRestart: Fault = {
  id: 'F02',
  title: 'every node in turn is stopped (SIGTERM) and started again',
  play: async ({ cluster, stop, hold }) => {
    for (const node of cluster.nodes) {
      await stop(node);
      await node.start();
      await hold(0.2);
    }
  },
};

const killRedis: Fault = {
  id: 'F03',
  title: 'Redis is killed and started again',
  play: async ({ cluster, hold }) => {
    await cluster.redis.process.stop('SIGKILL');
    await hold(0.5);
    await cluster.redis.process.start();
  },
};

const lastMessage: Fault = {
  id: 'F04',
  title: 'Redis is gone while the last message of a room is sent',
  play: async ({ cluster, load, hold }) => {
    await cluster.redis.process.stop('SIGKILL');
    await hold(0.3);
    load.order('whisper');
    await hold(0.3);
    await cluster.redis.process.start();
  },
};

const pauseRedis: Fault = {
  id: 'F05',
  title: 'Redis hangs (SIGSTOP)',
  play: async ({ cluster, hang }) => hang(cluster.redis.process),
};

const killPostgres: Fault = {
  id: 'F06',
  title: 'PostgreSQL is killed (`kill -9` of the postmaster) and started again',
  play: async ({ cluster, hold }) => {
    await cluster.postgres.process.stop('SIGKILL');
    await hold(0.3);
    await cluster.postgres.process.start();
  },
};

const pausePostgres: Fault = {
  id: 'F07',
  title: 'PostgreSQL hangs (SIGSTOP)',
  play: async ({ cluster, hang }) => hang(cluster.postgres.process),
};

/** In the order in which a run has them. */
export const FAULTS: readonly Fault[] = [
  killNodes,
  rollingRestart,
  killRedis,
  pauseRedis,
  killPostgres,
  pausePostgres,
  lastMessage,
];
