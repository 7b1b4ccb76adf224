import { type DynamicModule, Module } from '@nestjs/common';
import { CONFIG } from './config.token.js';
import type { Config } from './load-config.js';

/** Makes the `Config` injectable everywhere: `@Inject(CONFIG) config: Config`. */
@Module({})
export class ConfigModule {
  static of(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: CONFIG, useValue: config }],
      exports: [CONFIG],
    };
  }
}
