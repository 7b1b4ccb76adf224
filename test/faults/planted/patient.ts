import { AppModule } from '../../../src/app.module.js';
import { LogWriter } from '../../../src/features/chat/log/log-writer.js';
import { startParley } from '../../../src/start-parley.js';
import { PostgresConnection } from '../../../src/storage/postgres/postgres-connection.js';
import { replaceMethod } from './plant.js';

/* Waits for the database without an end. */

replaceMethod(LogWriter.prototype, 'limit', () => () => undefined);
replaceMethod(
  PostgresConnection.prototype,
  'limit',
  (original) =>
    function (this: object) {
      return original.call(this, Infinity);
    },
);

await startParley(AppModule);
