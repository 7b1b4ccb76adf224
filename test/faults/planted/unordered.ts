import { setTimeout as delay } from 'node:timers/promises';
import { AppModule } from '../../../src/app.module.js';
import { LogWriter } from '../../../src/features/chat/log/log-writer.js';
import { startParley } from '../../../src/start-parley.js';
import { replaceMethod } from './plant.js';

/* Begins a connection's requests in their order, and performs them in any. */

const MOST_MS = 100;

replaceMethod(
  LogWriter.prototype,
  'submit',
  (original) =>
    function (this: object, ...change) {
      const committed = delay(Math.random() * MOST_MS).then(
        async () => (original.apply(this, change) as { committed: Promise<unknown> }).committed,
      );
      return { admitted: Promise.resolve(), committed };
    },
);

await startParley(AppModule);
