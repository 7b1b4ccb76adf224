import { setting } from '../setting.js';
import { wholeNumber } from '../value-kinds.js';

const LARGEST_COUNT = 10_000_000;
const LARGEST_BYTES = 2 ** 30;
const LARGEST_RATE = 1_000_000;
const DAY_MS = 86_400_000;

const bytes = (min: number, fallback: number, meaning: string) =>
  setting(wholeNumber(min, LARGEST_BYTES), { fallback, unit: 'bytes', meaning });

const milliseconds = (min: number, fallback: number, meaning: string) =>
  setting(wholeNumber(min, DAY_MS), { fallback, unit: 'ms', meaning });

/** What one client, one user and one node may take. */
export const LIMIT_SETTINGS = {
  MAX_CONNECTIONS: setting(wholeNumber(1, LARGEST_COUNT), {
    fallback: 100_000,
    meaning: 'connections of this node; more are refused with 503',
  }),
  MAX_CONNECTIONS_PER_USER: setting(wholeNumber(1, LARGEST_COUNT), {
    fallback: 20,
    meaning: 'connections of one user; the oldest is closed with 4409 when there are more',
  }),
  MAX_FRAME_BYTES: bytes(256, 65_536, 'largest frame from a client; a larger one closes with 1009'),
  MAX_ANSWER_BYTES: bytes(1024, 262_144, 'where an answer with a list ends'),
  MAX_OUTBOX_BYTES: bytes(
    1024,
    262_144,
    'unsent bytes held for one connection before it is caught up from the log instead',
  ),
  LARGE_ROOM_MEMBERS: setting(wholeNumber(1, LARGEST_COUNT), {
    fallback: 1000,
    unit: 'members',
    meaning:
      'a room of more members is large: joins and leaves of a second become one event, nobody is pushed receipts, and few typists are told, seldom',
  }),
  MAX_ROOM_MEMBERS: setting(wholeNumber(2, LARGEST_COUNT), {
    fallback: 100_000,
    unit: 'members',
    meaning: 'largest room; whoever would make it larger is refused with `FORBIDDEN`',
  }),
  HANDLER_TIMEOUT_MS: milliseconds(10, 30_000, 'a handler that takes longer is answered `UNKNOWN`'),
  HEARTBEAT_MS: milliseconds(
    100,
    25_000,
    'between two pings; 10 s more without a sign of life end the connection with 4408',
  ),
  PRESENCE_GRACE_MS: milliseconds(
    0,
    5000,
    'a user is offline this long after the last connection closed; 0 is at once',
  ),
  PRESENCE_IDLE_MS: milliseconds(
    100,
    300_000,
    'a connection without a client frame for this long counts as away',
  ),
  RATE_FRAMES_PER_S: setting(wholeNumber(0, LARGEST_RATE), {
    fallback: 50,
    unit: 'per second',
    meaning: 'frames of one connection, in bursts of twice that; 0 is off',
  }),
  RATE_SENDS_PER_S: setting(wholeNumber(0, LARGEST_RATE), {
    fallback: 10,
    unit: 'per second',
    meaning: 'messages of one user, in bursts of twice that; 0 is off',
  }),
  RATE_UPGRADES_PER_S: setting(wholeNumber(0, LARGEST_RATE), {
    fallback: 20,
    unit: 'per second',
    meaning: 'upgrades from one address, in bursts of twice that; 0 is off',
  }),
  RATE_LOGINS_PER_MIN: setting(wholeNumber(0, LARGEST_RATE), {
    fallback: 10,
    unit: 'per minute',
    meaning:
      'logins from one address and for one name, and registrations from one address, in bursts of twice that; 0 is off',
  }),
};
