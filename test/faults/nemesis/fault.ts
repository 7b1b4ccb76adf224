import type { ClusterNode } from '../../support/cluster/cluster-node.js';
import type { Cluster } from '../../support/cluster/cluster.js';
import type { ServerProcess } from '../../support/servers/server-process.js';
import type { LoadGroup } from '../load/load-group.js';

/** Where a fault is played. */
export interface Stage {
  readonly cluster: Cluster;
  readonly load: LoadGroup;
  /** Lets so much of a fault's time pass; 1 is all of it. */
  readonly hold: (share: number) => Promise<void>;
  /** Lets a server hang for a fault's time. */
  readonly hang: (server: ServerProcess) => Promise<void>;
  /** Asks a node to end, and waits for that. */
  readonly stop: (node: ClusterNode) => Promise<void>;
}

export interface Fault {
  readonly id: string;
  readonly title: string;
  /** Does it, and mends it. */
  readonly play: (stage: Stage) => Promise<void>;
}
