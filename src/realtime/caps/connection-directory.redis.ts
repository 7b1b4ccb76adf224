import { randomUUID } from 'node:crypto';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock } from '../clock/clock.js';
import { Rounds } from '../clock/rounds.js';
import type { RedisCommands } from '../redis/redis.js';
import { ConnectionDirectory, type ConnectionPlace, type ExcessListener } from './connection-directory.js';

/** The connections of a node that has not renewed its lease for so long do not count. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

/** Nobody's key outlives its connections by more than this, whatever became of their nodes. */
const USER_TTL_MS = 3_600_000;
/** So often a connection is entered again, to keep its user's key. */
const REFRESH_MS = 1_200_000;

/** Entered again at once; the next ones follow when these are in. */
const BATCH = 500;

const SEPARATOR = ' ';

/**
 * Enters a connection by its age, on the clock of Redis: the clocks of nodes differ. Gives all of the user's once there are
 * more than the cap.
 */
const ENTER = `
  local time = redis.call('TIME')
  local openedAt = time[1] * 1000 + time[2] / 1000 - ARGV[2]
  redis.call('ZADD', KEYS[1], 'NX', string.format('%.3f', openedAt), ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  if redis.call('ZCARD', KEYS[1]) <= tonumber(ARGV[4]) then return {} end
  return redis.call('ZRANGE', KEYS[1], 0, -1)
`;

export interface RedisDirectoryOptions {
  readonly redis: RedisCommands;
  /** Tells when Redis is lost and when it is back, until cancelled. */
  readonly onChange: (listener: (isUp: boolean) => void) => Cancel;
  readonly clock: Clock;
  /** Connections of one user. */
  readonly cap: number;
}

interface Entry {
  readonly userId: string;
  readonly openedAtMs: number;
  /** Monotonic time of when it was last entered; `undefined`: Redis may not know it. */
  enteredAtMs: number | undefined;
}

/**
 * The directory of a cluster: a sorted set for each user, and a lease for each node. To enter is one round trip that nobody
 * waits for; the entries of a node that has died end with its lease. After Redis was away, or has lost what it knew,
 * each node enters all its connections again, by their age.
 */
export class RedisConnectionDirectory
  extends ConnectionDirectory
  implements OnModuleInit, OnApplicationShutdown
{
  readonly nodeId = randomUUID();
  readonly #entries = new Map<string, Entry>();
  /** Left, and perhaps still in Redis. */
  readonly #leaving = new Map<string, string>();
  readonly #listeners = new Set<ExcessListener>();
  #cancelChange: Cancel | undefined;
  readonly #renewal = new Rounds(
    async () => this.#renew(),
    // That Redis is away is logged where its connections are.
    () => undefined,
  );

  constructor(private readonly options: RedisDirectoryOptions) {
    super();
  }

  async onModuleInit(): Promise<void> {
    await this.renew();
    this.#renewal.start(this.options.clock, RENEW_MS);
    // It may have lost everything, or one server of several what it had.
    this.#cancelChange = this.options.onChange((isUp) => {
      if (!isUp) return;
      for (const entry of this.#entries.values()) entry.enteredAtMs = undefined;
      void this.renew();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#cancelChange?.();
    await this.#renewal.stop();
    await this.options.redis.del(leaseKey(this.nodeId)).catch(() => undefined);
  }

  enter(userId: string, connectionId: string): void {
    const openedAtMs = this.options.clock.monotonicMs();
    this.#entries.set(connectionId, { userId, openedAtMs, enteredAtMs: undefined });
    void this.#tell(connectionId);
  }

  leave(userId: string, connectionId: string): void {
    this.#entries.delete(connectionId);
    void this.#forget(userId, this.#member(connectionId));
  }

  onExcess(listener: ExcessListener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Renews the lease, and enters what Redis does not know; resolves when that is done, or cannot be done now. */
  async renew(): Promise<void> {
    await this.#renewal.round();
  }

  async #renew(): Promise<void> {
    const before = await this.options.redis.set(leaseKey(this.nodeId), '1', 'PX', LEASE_MS, 'GET');
    if (before === null) for (const entry of this.#entries.values()) entry.enteredAtMs = undefined;
    for (const [member, userId] of this.#leaving) await this.#forget(userId, member);
    const due = this.#due();
    for (let start = 0; start < due.length; start += BATCH) {
      await Promise.all(due.slice(start, start + BATCH).map(async (id) => this.#tell(id)));
    }
  }

  #due(): string[] {
    const beforeMs = this.options.clock.monotonicMs() - REFRESH_MS;
    const ids = [...this.#entries];
    return ids.filter(([, { enteredAtMs }]) => (enteredAtMs ?? beforeMs) <= beforeMs).map(([id]) => id);
  }

  /** What cannot be told now is told with a later renewal. */
  async #tell(connectionId: string): Promise<void> {
    const entry = this.#entries.get(connectionId);
    if (entry === undefined) return;
    const { userId, openedAtMs } = entry;
    const ageMs = this.options.clock.monotonicMs() - openedAtMs;
    try {
      const parameters = [this.#member(connectionId), ageMs, USER_TTL_MS, this.options.cap];
      const all = await this.options.redis.eval(ENTER, 1, userKey(userId), ...parameters);
      entry.enteredAtMs = this.options.clock.monotonicMs();
      await this.#judge(userId, all as string[]);
    } catch {
      entry.enteredAtMs = undefined;
    }
  }

  /** `all` are the user's connections, oldest first. */
  async #judge(userId: string, all: readonly string[]): Promise<void> {
    if (all.length === 0) return;
    const nodes = [...new Set(all.map((member) => placeOf(member).nodeId))];
    const leases = await Promise.all(nodes.map(async (id) => this.options.redis.exists(leaseKey(id))));
    const living = new Set(nodes.filter((id, index) => leases[index] === 1 || id === this.nodeId));
    const counted = all.filter((member) => living.has(placeOf(member).nodeId));
    const dead = all.filter((member) => !living.has(placeOf(member).nodeId));
    if (dead.length > 0) await this.options.redis.zrem(userKey(userId), ...dead);
    const excess = counted.slice(0, Math.max(0, counted.length - this.options.cap));
    for (const member of excess) this.#isTooMany(userId, member);
  }

  #isTooMany(userId: string, member: string): void {
    const place = placeOf(member);
    // One of ours that has gone meanwhile; nobody else would strike it out.
    if (place.nodeId === this.nodeId && !this.#entries.has(place.connectionId))
      void this.#forget(userId, member);
    else for (const listener of this.#listeners) listener(place);
  }

  async #forget(userId: string, member: string): Promise<void> {
    try {
      await this.options.redis.zrem(userKey(userId), member);
      this.#leaving.delete(member);
    } catch {
      this.#leaving.set(member, userId);
    }
  }

  #member(connectionId: string): string {
    return `${this.nodeId}${SEPARATOR}${connectionId}`;
  }
}

function placeOf(member: string): ConnectionPlace {
  const [nodeId = '', connectionId = ''] = member.split(SEPARATOR);
  return { nodeId, connectionId };
}

function userKey(userId: string): string {
  return `parley:connections:${userId}`;
}

function leaseKey(nodeId: string): string {
  return `parley:node:${nodeId}`;
}
