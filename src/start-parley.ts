import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type Config, ConfigError, type LoadedConfig, loadConfig } from './config/index.js';
import { KeysFileError } from './features/auth/index.js';
import { listenFault, ParleyLogger } from './ops/index.js';
import { type AppModuleClass, applicationOptions, httpAdapter, prepare, rootModule } from './application.js';
import { nodeProcess, runProcesses } from './processes/index.js';
import { renewTlsOnHangup } from './renew-tls-on-hangup.js';
import { rereadKeysOnHangup } from './reread-keys-on-hangup.js';
import { stopOnSignals } from './stop-on-signals.js';

const EXIT_FAILURE = 1;

/**
 * Starts the service in this process: reads the configuration from the environment, `.env.local` and `.env` of the
 * working directory, listens, prints the address on one line, and drains on SIGTERM and SIGINT. Where it ends TLS, it takes
 * up a renewed certificate on SIGHUP, and from wherever they are the signing keys. With `PROCESSES` it starts that many
 * processes of the same program, which share the port, and is none of the nodes itself.
 *
 * It ends the process when it cannot start: with code 78 when the configuration is wrong, else with 1, after one
 * line on the standard error for each fault.
 *
 * @example
 * ```ts
 * // main.ts
 * await startParley(AppModule);
 * ```
 */
export async function startParley(appModule: AppModuleClass): Promise<void> {
  try {
    const { config, warnings } = readConfig();
    const logger = new ParleyLogger({ level: config.LOG_LEVEL, format: config.LOG_FORMAT });
    dieOfUncaughtErrors(logger);
    const count = config.PROCESSES === 0 ? availableParallelism() : config.PROCESSES;
    if (cluster.isPrimary && count > 1) runProcesses({ count, logger, onServing: printAddress });
    else await serve(appModule, { config, warnings, logger });
  } catch (error) {
    giveUp(error);
  }
}

interface Start extends LoadedConfig {
  readonly logger: ParleyLogger;
}

/** Runs one node, in this process. */
async function serve(appModule: AppModuleClass, { config: all, warnings, logger }: Start): Promise<void> {
  const one = nodeProcess();
  const config = one === undefined ? all : ofProcess(all, one.number);
  const app = await NestFactory.create<NestExpressApplication>(
    rootModule(appModule, config),
    httpAdapter(config),
    applicationOptions(logger),
  );
  if (one === undefined || one.number === 1) for (const warning of warnings) logger.warn(warning, 'Config');
  await listen(app, config);
  const stop = stopOnSignals(app, logger);
  renewTlsOnHangup(app, config, logger);
  rereadKeysOnHangup(app, logger);
  one?.onStop(stop);
  const address = addressOf(app, config);
  if (one === undefined) printAddress(address);
  else one.serves(address);
}

/** Each process has an admin listener of its own, at the ports after the first one's. */
function ofProcess(config: Config, number: number): Config {
  const { ADMIN_PORT } = config;
  return { ...config, ADMIN_PORT: ADMIN_PORT === 0 ? 0 : ADMIN_PORT + number - 1 };
}

function printAddress(address: string): void {
  process.stdout.write(`Parley listens on ${address}\n`);
}

function readConfig(): LoadedConfig {
  return loadConfig({ env: process.env, folder: process.cwd(), isTerminal: process.stdout.isTTY === true });
}

async function listen(app: NestExpressApplication, config: Config): Promise<void> {
  prepare(app, config);
  await app.init();
  try {
    await app.listen(config.PORT, config.HOST);
  } catch (error) {
    await app.close();
    const { PORT: port, HOST: host } = config;
    throw listenFault(error, { port, host, mend: 'set PORT or HOST to another' }) ?? error;
  }
}

/** The address that people open. */
function addressOf(app: NestExpressApplication, config: Config): string {
  if (config.PUBLIC_URL !== null) return config.PUBLIC_URL;
  const { port } = app.getHttpServer().address() as AddressInfo;
  const isEveryAddress = config.HOST === '0.0.0.0' || config.HOST === '::';
  const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
  const scheme = config.TLS_CERT_FILE === null ? 'http' : 'https';
  return `${scheme}://${isEveryAddress ? 'localhost' : host}:${port}`;
}

/** A process in an unknown state must not go on: what runs it starts it anew. */
function dieOfUncaughtErrors(logger: ParleyLogger): void {
  const die = (error: unknown): void => {
    logger.fatal({ msg: 'uncaught error', err: error }, 'Process');
    process.exit(EXIT_FAILURE);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

function giveUp(fault: unknown): never {
  // The file is read by the module that needs it, and is a part of the configuration all the same.
  const error = fault instanceof KeysFileError ? new ConfigError([fault.message]) : fault;
  const isConfigError = error instanceof ConfigError;
  const lines = isConfigError ? error.lines : [`Parley cannot start: ${messageOf(error)}`];
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exit(isConfigError ? error.exitCode : EXIT_FAILURE);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.replaceAll(/\s*\n\s*/g, ' ');
}
