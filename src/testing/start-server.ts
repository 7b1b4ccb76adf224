import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Abstract, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AppModule } from '../app.module.js';
import { type AppModuleClass, applicationOptions, httpAdapter, prepare, rootModule } from '../application.js';
import { CONFIG, type Config, loadConfig } from '../config/index.js';
import { AUTH_SETTINGS } from '../features/auth/index.js';
import { authSettings } from '../module-settings.js';
import { type HttpLimits, ParleyLogger } from '../ops/index.js';
import { Clock } from '../realtime/index.js';
import { TestTarget } from './test-target.js';
import { UNLIMITED_RATES } from './unlimited-rates.js';

/** A test hashes to see that it works, not to be safe. */
const CHEAP_HASHING = { memoryKiB: 64, passes: 1, concurrency: 2 };

/**
 * The limits of rates are off, since a test sends as fast as it can and all its users are behind one address; commits survive
 * the process only. A test of a rate sets it.
 */
const TEST_ENV = {
  ...UNLIMITED_RATES,
  PORT: '0',
  HOST: '127.0.0.1',
  ADMIN_PORT: '0',
  DURABILITY: 'process',
};

/** What a test wants to be otherwise than in production. */
export interface ServerOptions {
  /** Configuration keys, as in `docs/configuration.md`. The process's environment and `.env` are not read. */
  readonly env?: Readonly<Record<string, string>>;
  /** The team's own root module. Defaults to the service without add-ons. */
  readonly module?: AppModuleClass;
  /** Replaces the system's clock. */
  readonly clock?: Clock;
  /** Kept when the server closes. Defaults to a folder of its own that is removed then. */
  readonly dataDir?: string;
  /** Replaces bounds of HTTP requests, so that a test need not wait for those of production. */
  readonly httpLimits?: Partial<HttpLimits>;
  /** Nest's own overrides: guards, providers, modules. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** The whole service in this process, on a free port. */
export class TestServer extends TestTarget {
  constructor(
    readonly app: NestExpressApplication,
    address: string | (() => string),
    /** The lines of the log so far. */
    readonly logs: readonly string[],
    private readonly removeData: () => Promise<void>,
  ) {
    super(address, () => app.get(Clock).now());
  }

  get config(): Config {
    return this.app.get<Config>(CONFIG);
  }

  /** A provider of the application. */
  get<T>(token: Type<T> | Abstract<T> | string | symbol): T {
    return this.app.get<T>(token, { strict: false });
  }

  /** Cuts the clients off and stops the service as SIGTERM does. */
  async close(): Promise<void> {
    await this.endClients();
    await this.app.close();
    await this.removeData();
  }
}

/**
 * Starts the service as it runs in production, but for a folder of its own, cheap password hashes and a log in memory, in
 * `logs`, which several servers may share.
 *
 * @example
 * ```ts
 * const server = await startServer({ module: AppModule });
 * const ann = await server.connect('ann');
 * const { room } = await ann.request('room.create', { kind: 'group', name: 'garden' });
 * await server.close();
 * ```
 */
export async function startServer(options: ServerOptions = {}, logs: string[] = []): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'parley-')));
  const removeData = async (): Promise<void> => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const { config } = loadConfig({
    env: { ...TEST_ENV, DATA_DIR: dataDir, ...options.env },
    folder: dataDir,
    isTerminal: false,
  });
  const app = await createApp(config, options, logs);
  try {
    await app.listen(config.PORT, config.HOST);
  } catch (error) {
    await app.close();
    await removeData();
    throw error;
  }
  const { port } = app.getHttpServer().address() as { port: number };
  const scheme = config.TLS_CERT_FILE === null ? 'http' : 'https';
  return new TestServer(app, `${scheme}://127.0.0.1:${port}`, logs, removeData);
}

async function createApp(
  config: Config,
  { module = AppModule, clock, httpLimits, override = (builder) => builder }: ServerOptions,
  logs: string[],
): Promise<NestExpressApplication> {
  const logger = new ParleyLogger({
    level: config.LOG_LEVEL,
    format: 'json',
    destination: { write: (line) => void logs.push(line) },
  });
  const builder = Test.createTestingModule({ imports: [rootModule(module, config)] })
    .setLogger(logger)
    .overrideProvider(AUTH_SETTINGS)
    .useValue({ ...authSettings(config), passwordHashing: CHEAP_HASHING });
  if (clock !== undefined) builder.overrideProvider(Clock).useValue(clock);
  const testing = await override(builder).compile();
  const app = testing.createNestApplication<NestExpressApplication>(
    httpAdapter(config, httpLimits),
    applicationOptions(logger),
  );
  prepare(app, config);
  return app;
}
