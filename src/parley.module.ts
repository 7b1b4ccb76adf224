import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { ClusterModule } from './cluster/index.js';
import { CONFIG, type Config } from './config/index.js';
import { AuthModule, SuspensionsService } from './features/auth/index.js';
import { ChatModule } from './features/chat/index.js';
import { PresenceModule } from './features/presence/index.js';
import {
  authSettings,
  chatSettings,
  presenceSettings,
  realtimeSettings,
  storageSettings,
} from './module-settings.js';
import { OpsModule } from './ops/index.js';
import { RealtimeModule } from './realtime/index.js';
import { StorageModule } from './storage/index.js';

/** What the service is extended with. */
export interface ParleyOptions {
  /** The modules that extend the service, add-ons of a team included. */
  readonly features: NonNullable<ModuleMetadata['imports']>;
  /**
   * Names of consumers of the logs that are gone for good: what is kept for them is dropped at the start. Default: none.
   * A consumer that is merely missing loses nothing, and finds its events when it is back.
   */
  readonly forgetConsumers?: readonly string[];
}

/** The whole service as one module. Start an application that imports it with `startParley`. */
@Module({})
export class ParleyModule {
  /**
   * The service and the modules that extend it.
   *
   * @example
   * ```ts
   * @Module({ imports: [ParleyModule.register({ features: [PollsModule] })] })
   * export class AppModule {}
   * ```
   */
  static register({ features, forgetConsumers }: ParleyOptions): DynamicModule {
    return {
      module: ParleyModule,
      imports: [
        RealtimeModule.forRootAsync({ inject: [CONFIG], useFactory: realtimeSettings }),
        StorageModule.forRootAsync({ inject: [CONFIG], useFactory: storageSettings }),
        AuthModule.forRootAsync({ inject: [CONFIG], useFactory: authSettings }),
        ChatModule.forRootAsync({
          inject: [CONFIG],
          useFactory: (config: Config) => chatSettings(config, forgetConsumers),
        }),
        PresenceModule.forRootAsync({ inject: [CONFIG], useFactory: presenceSettings }),
        ClusterModule,
        OpsModule.register({ suspensions: SuspensionsService }),
        ...features,
      ],
    };
  }
}
