import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type RedisCommands, SharedRedis } from '../realtime/index.js';
import { Database } from '../storage/index.js';

/** Says in Redis whose it is, for as long as one of these nodes says so. */
const KEY = 'parley:cluster';
const HELD_MS = 10_000;
const RENEW_MS = 3_000;

/** Longer than what nodes that were killed leave behind. */
const WAIT_MS = HELD_MS + 2_000;
const PAUSE_MS = 250;

/** Sets the key if it is ours or nobody's; whether it did. */
const HOLD = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1`;

const FREE = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end return 1`;

const OTHER_REDIS =
  'the other nodes on this database do not use this Redis: set REDIS_URL to the same one on every node';
const OTHER_DATABASE =
  'nodes on another database use this Redis: give each cluster a Redis of its own, and set REDIS_URL to it';

/**
 * Nodes on one database must share one Redis, and nodes on two databases must not: else each would wait for what the other
 * never hears. The nodes keep the database's id in Redis, and one that starts beside others must find it there.
 */
@Injectable()
export class OneRedis implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Cluster');
  private timer: NodeJS.Timeout | undefined;
  private isHeld = true;

  constructor(
    private readonly redis: SharedRedis,
    private readonly database: Database,
  ) {}

  async onModuleInit(): Promise<void> {
    const { commands } = this.redis;
    const { clusterId } = this.database;
    if (commands === null || clusterId === null) return;
    await this.join(commands, clusterId);
    // By the process's clock, not the service's: Redis counts the time, too.
    this.timer = setInterval(() => void this.renew(commands, clusterId), RENEW_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    if (this.timer === undefined) return;
    const { commands } = this.redis;
    await commands?.eval(FREE, 1, KEY, this.database.clusterId ?? '').catch(() => undefined);
  }

  private async join(commands: RedisCommands, clusterId: string): Promise<void> {
    const endMs = performance.now() + WAIT_MS;
    for (;;) {
      const holder = await commands.get(KEY);
      const isOurs = holder === clusterId || (holder === null && !this.database.hasCompany);
      if (isOurs && (await this.hold(commands, clusterId))) return;
      if (performance.now() > endMs) throw new Error(holder === null ? OTHER_REDIS : OTHER_DATABASE);
      await delay(PAUSE_MS);
    }
  }

  private async hold(commands: RedisCommands, clusterId: string): Promise<boolean> {
    return (await commands.eval(HOLD, 1, KEY, clusterId, HELD_MS)) === 1;
  }

  /** While Redis is away there is nothing to hold. */
  private async renew(commands: RedisCommands, clusterId: string): Promise<void> {
    const isHeld = await this.hold(commands, clusterId).catch(() => this.isHeld);
    if (!isHeld && this.isHeld) this.logger.error(OTHER_DATABASE);
    this.isHeld = isHeld;
  }
}
