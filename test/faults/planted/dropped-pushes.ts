import { AppModule } from '../../../src/app.module.js';
import { Subscription } from '../../../src/realtime/fanout/subscription.js';
import { startParley } from '../../../src/start-parley.js';
import { replaceMethod } from './plant.js';

/* Takes one in so many pushes for made that was not. */

const EVERY = 200;

let pushes = 0;

replaceMethod(
  Subscription.prototype,
  'publish',
  (original) =>
    function (this: object, ...push) {
      pushes += 1;
      if (pushes % EVERY !== 0) return original.apply(this, push);
      Reflect.set(this, 'position', push[0]);
      return undefined;
    },
);

await startParley(AppModule);
