import { setting } from '../setting.js';
import { oneOf, wholeNumber } from '../value-kinds.js';

const HOUR_MS = 3_600_000;
const MOST_PROCESSES = 256;

/** How the service is run. */
export const OPERATION_SETTINGS = {
  PROCESSES: setting(wholeNumber(0, MOST_PROCESSES), {
    fallback: 1,
    unit: 'processes',
    meaning:
      'nodes that share the port on this machine; 0 is one for each core, and all but 1 need `DATABASE_URL` and `REDIS_URL`',
  }),
  DRAIN_DELAY_MS: setting(wholeNumber(0, HOUR_MS), {
    fallback: 0,
    unit: 'ms',
    meaning: 'after SIGTERM: ready is 503 and all else works for this long',
  }),
  DRAIN_MS: setting(wholeNumber(0, HOUR_MS), {
    fallback: 10_000,
    unit: 'ms',
    meaning: 'the time over which the connections are then closed',
  }),
  LOG_LEVEL: setting(oneOf('debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
    fallback: 'info',
    meaning: 'the least important records that are written',
  }),
  LOG_FORMAT: setting(oneOf('pretty', 'json'), {
    fallback: null,
    shownDefault: '`pretty` on a terminal, else `json`',
    meaning: 'lines for people or for machines',
  }),
};
