import { Logger } from '@nestjs/common';
import type { Clock } from '../../../src/realtime/clock/clock.js';
import { SystemClock } from '../../../src/realtime/clock/system-clock.js';
import { Meters } from '../../../src/realtime/metrics/meters.js';
import type { RedisCommands } from '../../../src/realtime/redis/redis.js';
import { SharedRedis } from '../../../src/realtime/redis/shared-redis.js';

/** One node's connections to Redis; to be closed by `onApplicationShutdown`. */
export async function openSharedRedis(
  redisUrl: string,
  clock: Clock = new SystemClock(),
): Promise<SharedRedis> {
  // What it logs of the faults of a test is no news.
  Logger.overrideLogger(false);
  const redis = new SharedRedis({ redisUrl }, clock, new Meters());
  await redis.onModuleInit();
  return redis;
}

/** What commands are sent over. */
export function commandsOf({ commands }: SharedRedis): RedisCommands {
  if (commands === null) throw new Error('there is no Redis');
  return commands;
}
