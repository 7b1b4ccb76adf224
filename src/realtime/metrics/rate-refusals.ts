import type { Counter } from './instruments.js';
import type { Meters } from './meters.js';

/** What was above a rate. `limit` is the name of its buckets. */
export function rateRefusals(meters: Meters, limit: string): Counter {
  return meters.counter(
    { name: 'parley_rate_limited_total', help: 'What was refused for being above a rate, by limit.' },
    { limit },
  );
}
