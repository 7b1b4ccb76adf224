import { type DynamicModule, Module, type NestApplicationOptions, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type Config, ConfigModule } from './config/index.js';
import {
  configureHttp,
  type HttpLimits,
  ParleyHttpAdapter,
  type ParleyLogger,
  readTlsFiles,
  type TlsFiles,
} from './ops/index.js';
import { useRealtime } from './realtime/index.js';

/** A team's own root module: one that imports `ParleyModule.register(…)`. */
export type AppModuleClass = Type<object>;

@Module({})
class RootModule {}

/** The application's root: the configuration, and the team's module on top of it. */
export function rootModule(appModule: AppModuleClass, config: Config): DynamicModule {
  return { module: RootModule, imports: [ConfigModule.of(config), appModule] };
}

/** How Nest makes the application; faults at the start are thrown, not printed. */
export function applicationOptions(logger: ParleyLogger): NestApplicationOptions {
  return { logger, abortOnError: false, bodyParser: false };
}

/** Where the certificate and its key are; `null`: TLS does not end here. */
export function tlsFiles({ TLS_CERT_FILE, TLS_KEY_FILE }: Config): TlsFiles | null {
  if (TLS_CERT_FILE === null || TLS_KEY_FILE === null) return null;
  return { certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE };
}

/** The HTTP server under the application. Throws a `ConfigError` when the files of TLS are of no use. */
export function httpAdapter(config: Config, limits?: Partial<HttpLimits>): ParleyHttpAdapter {
  const files = tlsFiles(config);
  return new ParleyHttpAdapter({ tls: files === null ? undefined : readTlsFiles(files), limits });
}

/** Everything between making the application and `init`. */
export function prepare(app: NestExpressApplication, config: Config): void {
  configureHttp(app, config);
  useRealtime(app);
}
