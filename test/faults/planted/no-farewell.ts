import { AppModule } from '../../../src/app.module.js';
import { Drain } from '../../../src/realtime/drain/drain.js';
import type { SocketConnection } from '../../../src/realtime/sockets/socket-connection.js';
import { startParley } from '../../../src/start-parley.js';
import { replaceMethod } from './plant.js';

/* Tells nine of ten clients that the node ends, and just ends for the others. */

const EVERY = 10;

let closes = 0;

replaceMethod(
  Drain.prototype,
  'close',
  (original) =>
    function (this: object, ...call) {
      closes += 1;
      if (closes % EVERY !== 0) return original.apply(this, call);
      (call[0] as SocketConnection).ws.terminate();
      return Promise.resolve();
    },
);

await startParley(AppModule);
