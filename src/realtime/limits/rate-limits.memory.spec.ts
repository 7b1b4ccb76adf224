import { ManualClock } from '../../testing/index.js';
import { describeRateLimits } from './rate-limits.contract.js';
import { Meters } from '../metrics/meters.js';
import { MemoryRateLimits } from './rate-limits.memory.js';

describeRateLimits('memory', () => {
  const clock = new ManualClock();
  return { limits: new MemoryRateLimits(clock, new Meters()), clock };
});
