import type { INestApplication, LoggerService } from '@nestjs/common';
import { KeyRing } from './features/auth/index.js';

/** Reads the signing keys again on SIGHUP. Keys of no use are logged, and the old ones stay. */
export function rereadKeysOnHangup(app: INestApplication, logger: LoggerService): void {
  const keys = app.get(KeyRing, { strict: false });
  const reread = async (): Promise<void> => {
    if (await keys.reread()) logger.log('SIGHUP: the signing keys have been read again', 'Keys');
  };
  process.on('SIGHUP', () => void reread());
}
