/** `full`: a commit survives a power cut. `process`: it survives only a crash of the process. */
export type Durability = 'full' | 'process';

export interface StorageSettings {
  /** Folder of the embedded database; made if absent, locked by one process. */
  readonly dataDir: string;
  readonly durability: Durability;
}
