import { AppModule } from '../../../src/app.module.js';
import { RedisPresenceLeases } from '../../../src/features/presence/leases/presence-leases.redis.js';
import { startParley } from '../../../src/start-parley.js';
import { replaceMethod } from './plant.js';

/* Believes what a node said of its users long after it has died. */

const LIVES_MS = 600_000;

replaceMethod(
  RedisPresenceLeases.prototype,
  'open',
  (original) =>
    function (this: object, ...nothing) {
      Reflect.set(this, 'ttlMs', LIVES_MS);
      return original.apply(this, nothing);
    },
);

await startParley(AppModule);
