/** `full`: a commit survives a power cut. `process`: it survives only a crash of the process. */
export type Durability = 'full' | 'process';

export interface StorageSettings {
  /** Folder of the embedded database; made if absent, locked by one process. */
  readonly dataDir: string;
  /** `postgres://…`: a PostgreSQL server instead of the embedded database; `null`: the embedded one. */
  readonly databaseUrl: string | null;
  readonly durability: Durability;
  /** Whether this node shares nothing but the database with others: then it refuses to run beside them. */
  readonly isAlone: boolean;
}
