import { Redis } from 'ioredis';

/** A paused server must hold up nobody for longer: neither the driver nor the system would notice it. */
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 2_000;

const LONGEST_PAUSE_MS = 2_000;

/** What a connection to Redis is for. */
export type RedisRole = 'commands' | 'subscriptions';

/**
 * Opens a connection, which comes back by itself whenever it is lost. Commands fail at once while there is none, and
 * after two seconds without an answer. Subscriptions are not made again: its owner knows which are still wanted.
 */
export function openRedis(url: string, role: RedisRole): Redis {
  return new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: `parley ${role}`,
    enableAutoPipelining: role === 'commands',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    lazyConnect: true,
    keepAlive: 10_000,
    // Nothing is repeated that may have been done.
    autoResendUnfulfilledCommands: false,
    ...(role === 'commands' && { commandTimeout: COMMAND_TIMEOUT_MS }),
    retryStrategy: (times) =>
      Math.min(50 * 2 ** Math.min(times, 10) * (0.5 + Math.random()), LONGEST_PAUSE_MS),
  });
}
