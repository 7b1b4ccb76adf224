import type { Exit } from '../../../src/testing/index.js';
import type { Cluster } from '../../support/cluster/cluster.js';
import type { LoadGroup } from '../load/load-group.js';

/** Where a fault is played. */
export interface Stage {
  readonly cluster: Cluster;
  readonly load: LoadGroup;
  /** Lets so much of a fault's time pass; 1 is all of it. */
  readonly hold: (share: number) => Promise<void>;
  /** How a node ended that was asked to. */
  readonly asked: (exit: Exit | undefined) => void;
}

export interface Fault {
  readonly id: string;
  readonly title: string;
  /** Does it, and mends it. */
  readonly play: (stage: Stage) => Promise<void>;
}
