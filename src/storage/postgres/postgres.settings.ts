import type { Durability } from '../storage.settings.js';
import type { NodeKind } from './node/node-lock.js';

export interface PostgresSettings {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly durability: Durability;
  /** Connections of this node. Default: 10. */
  readonly maxConnections?: number;
  /** As what this process runs on the database. Default: as none, so that it may do so beside any node. */
  readonly node?: NodeKind;
  /** How long the start waits for a server that does not answer yet. Default: 0, not at all. */
  readonly startWaitMs?: number;
}
