import { AppModule } from '../../../src/app.module.js';
import { MembershipFollower } from '../../../src/features/chat/stream/membership-follower.js';
import { startParley } from '../../../src/start-parley.js';
import { replaceMethod } from './plant.js';

/* Believes for half a minute that who was removed is a member. */

const STALE_MS = 30_000;

replaceMethod(
  MembershipFollower.prototype,
  'leave',
  (original) =>
    function (this: object, ...change) {
      setTimeout(() => original.apply(this, change), STALE_MS).unref();
    },
);

await startParley(AppModule);
