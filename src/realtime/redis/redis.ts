import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './redis-address.js';

/** A paused server must hold up nobody for longer: neither the driver nor the system would notice it. */
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 2_000;

const LONGEST_PAUSE_MS = 2_000;

/** What a connection to Redis is for. */
export type RedisRole = 'commands' | 'subscriptions';

/**
 * Commands to Redis, to one server or to a cluster of them. While it is away they reject, at once or after two seconds at the
 * latest. A command or script has keys of one slot only: those of one `{tag}`.
 */
export type RedisCommands = Redis | Cluster;

/** Opens what commands are sent over, lazily. */
export function openCommands(address: RedisAddress): RedisCommands {
  if (!address.isCluster) return openServer(address, 'commands');
  return new Cluster([...address.servers], {
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    lazyConnect: true,
    clusterRetryStrategy: pauseMs,
    // A command is sent again only to where the cluster says that it belongs.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    // Whoever watches it asks for both: each server by itself, and until it is closed.
    enableReadyCheck: false,
    slotsRefreshInterval: 0,
    redisOptions: { ...shared(address), ...OF_ROLE.commands },
  });
}

/**
 * Opens a connection to one server, lazily; it comes back by itself whenever it is lost. Subscriptions are not made again: its
 * owner knows which are still wanted.
 */
export function openServer(
  address: RedisAddress,
  role: RedisRole,
  server = address.servers[0] ?? { host: 'localhost', port: 6379 },
): Redis {
  return new Redis({
    ...shared(address),
    ...server,
    ...OF_ROLE[role],
    connectionName: `parley ${role}`,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: pauseMs,
  });
}

const OF_ROLE = {
  commands: { enableAutoPipelining: true, commandTimeout: COMMAND_TIMEOUT_MS },
  // Its owner gives up by itself, and by its own clock.
  subscriptions: {},
} as const satisfies Record<RedisRole, RedisOptions>;

function shared({ username, password, database, isTls }: RedisAddress) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
    db: database,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    keepAlive: 10_000,
    // Nothing is repeated that may have been done.
    autoResendUnfulfilledCommands: false,
  } as const;
}

/** Spread, so that the nodes of a cluster do not come back in one moment. */
function pauseMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10) * (0.5 + Math.random()), LONGEST_PAUSE_MS);
}
