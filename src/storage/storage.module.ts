import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Database } from './database.js';
import type { Migration } from './schema/migration.js';
import { PostgresDatabase } from './postgres/database.postgres.js';
import { SqliteDatabase } from './sqlite/database.sqlite.js';
import type { StorageSettings } from './storage.settings.js';
import type { StoreDefinition, StoreOperations } from './store.js';
import { storeToken } from './inject-store.decorator.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<StorageSettings>({
  moduleName: 'Storage',
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/** What a feature brings to the database. */
export interface FeatureStorage {
  readonly migrations: readonly Migration[];
  readonly stores: readonly StoreDefinition<StoreOperations, StoreOperations>[];
}

/**
 * The database as a module. Import it once at the root with `forRoot` or `forRootAsync`, and `forFeature` in each
 * module that keeps something: it provides the module with its stores, for `@InjectStore`.
 *
 * The database is open, with its schema migrated, before any other module's `onModuleInit`, and is closed after every
 * other module's `onApplicationShutdown`: Nest runs the hooks of global modules first at the start and last at the end.
 */
@Module({
  providers: [
    {
      provide: Database,
      useFactory: databaseOf,
      inject: [MODULE_OPTIONS_TOKEN],
    },
  ],
  exports: [Database],
})
export class StorageModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  static forFeature({ migrations, stores }: FeatureStorage): DynamicModule {
    const registration = Symbol('FeatureMigrations');
    return {
      module: FeatureStorageModule,
      providers: [
        {
          provide: registration,
          useFactory: (database: Database) => database.addMigrations(migrations),
          inject: [Database],
        },
        ...stores.map((definition) => ({
          provide: storeToken(definition),
          useFactory: (database: Database) => database.open(definition),
          inject: [Database],
        })),
      ],
      exports: stores.map(storeToken),
    };
  }

  async onModuleInit(): Promise<void> {
    await this.database.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.stop();
  }
}

@Module({})
class FeatureStorageModule {}

/** Whoever starts all at once starts PostgreSQL last; after so long somebody ought to know. */
const START_WAIT_MS = 20_000;

function databaseOf({ databaseUrl, dataDir, durability, isAlone }: StorageSettings): Database {
  if (databaseUrl === null) return new SqliteDatabase({ dataDir, durability });
  const node = isAlone ? 'alone' : 'shared';
  return new PostgresDatabase({ url: databaseUrl, durability, node, startWaitMs: START_WAIT_MS });
}
