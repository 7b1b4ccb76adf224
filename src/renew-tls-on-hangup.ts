import type { Server } from 'node:https';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { tlsFiles } from './application.js';
import { type Config, ConfigError } from './config/index.js';
import { readTlsFiles, type TlsFiles, untimelyCertificate } from './ops/index.js';

/**
 * Reads the certificate and its key again on SIGHUP: connections from then on are served with the new ones, those that are open
 * live on. Files of no use are logged, and the old ones stay. Does nothing where TLS does not end here.
 */
export function renewTlsOnHangup(app: INestApplication, config: Config, logger: LoggerService): void {
  const files = tlsFiles(config);
  if (files === null) return;
  const server = app.getHttpServer() as Server;
  const identity = readTlsFiles(files);
  warnOf(untimelyCertificate(identity, Date.now()), logger);
  process.on('SIGHUP', () => renew(server, files, logger));
}

function renew(server: Server, files: TlsFiles, logger: LoggerService): void {
  try {
    const identity = readTlsFiles(files);
    server.setSecureContext(identity);
    logger.log('SIGHUP: the certificate has been read again', 'Tls');
    warnOf(untimelyCertificate(identity, Date.now()), logger);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logger.error({ msg: 'SIGHUP: the old certificate stays', faults: error.lines }, 'Tls');
  }
}

function warnOf(line: string | undefined, logger: LoggerService): void {
  if (line !== undefined) logger.warn(line, 'Tls');
}
