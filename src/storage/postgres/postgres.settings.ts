import type { Durability } from '../storage.settings.js';

export interface PostgresSettings {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly durability: Durability;
  /** Connections of this node. Default: 10. */
  readonly maxConnections?: number;
}
