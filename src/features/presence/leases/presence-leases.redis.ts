import { randomUUID } from 'node:crypto';
import type { Cancel, RedisCommands } from '../../../realtime/index.js';
import { HOLD_SCRIPT, LOOK_SCRIPT } from './lease-scripts.js';
import {
  type Announcements,
  type Census,
  type Farewell,
  type Liveness,
  KEPT_SHARE,
  LEASE_MS,
  PresenceLeases,
  type Sign,
} from './presence-leases.js';

/** What is said of a user goes by itself after so long, unless it is said again. */
const SAID_MS = 3_600_000;

const LEASES_KEY = 'parley:presence:leases';
const keyOf = (userId: string): string => `parley:presence:user:${userId}`;

const LETTERS = { active: 'a', idle: 'i' } as const;

export interface RedisLeasesOptions {
  readonly redis: RedisCommands;
  readonly nodeId: string;
  /** Default: 10 s. */
  readonly ttlMs?: number;
  /** Tells when Redis is lost and when it is back. */
  readonly onChange: (listener: (isUp: boolean) => void) => Cancel;
}

/** What the hash of all leases says. */
interface Leases {
  readonly nowMs: number;
  readonly era: string;
  /** Those that live, and whether each is complete. */
  readonly living: ReadonlyMap<string, boolean>;
}

/**
 * Leases by Redis's time. What a node says of a user is a field of the user's hash, named after the node's lease: a lease
 * that has ended never comes back, so neither does what was said under it, however late it arrives.
 *
 * Costs: a change of a user's connections two commands; a renewal one, however many users; a reading one and one a user.
 */
export class RedisPresenceLeases extends PresenceLeases {
  readonly ttlMs: number;
  /** The newest is the last. */
  #held: string[] = [];
  #opened = 0;

  constructor(private readonly options: RedisLeasesOptions) {
    super();
    this.ttlMs = options.ttlMs ?? LEASE_MS;
  }

  async open(): Promise<void> {
    this.#opened += 1;
    this.#held.push(`${this.options.nodeId}/${this.#opened}`);
    await this.#hold('open');
  }

  async complete(): Promise<boolean> {
    if ((await this.#hold('complete')) !== '1') return false;
    this.#held = this.#held.slice(-1);
    return true;
  }

  async announce(announcements: Announcements): Promise<void> {
    const { redis } = this.options;
    const lease = this.#held.at(-1);
    if (lease === undefined) return;
    const older = this.#held.slice(0, -1);
    const sent: Promise<unknown>[] = [];
    for (const [userId, liveness] of announcements) {
      const key = keyOf(userId);
      if (liveness === undefined) sent.push(redis.hdel(key, ...this.#held));
      else sent.push(redis.hset(key, lease, LETTERS[liveness]), redis.pexpire(key, SAID_MS));
      // After the new one: at no moment is there none.
      if (liveness !== undefined && older.length > 0) sent.push(redis.hdel(key, ...older));
    }
    await Promise.all(sent);
  }

  async renew(): Promise<boolean> {
    return this.#held.length > 0 && (await this.#hold('renew')) === '1';
  }

  async leave(farewells: ReadonlyMap<string, Farewell>): Promise<void> {
    const lease = this.#held.at(-1);
    if (lease === undefined) return;
    const { nowMs } = await this.#look();
    await Promise.all(
      [...farewells].map(async ([userId, { liveness, forMs }]) =>
        this.options.redis.hset(keyOf(userId), lease, `${LETTERS[liveness]} ${Math.ceil(nowMs + forMs)}`),
      ),
    );
    await this.#hold('leave');
    this.#held = [];
  }

  /** Leases are looked at before users: under a lease that was complete by then all of its users are found. */
  async read(userIds: readonly string[]): Promise<Census> {
    let leases = await this.#look();
    const said = await Promise.all(userIds.map(async (userId) => this.options.redis.hgetall(keyOf(userId))));
    const isUnknown = said.some((one) => Object.keys(one).some((lease) => !leases.living.has(lease)));
    const complete = completeOf(leases);
    // It may have been taken after the look.
    if (isUnknown) leases = await this.#look();
    const signs = new Map<string, readonly Sign[]>();
    for (const [index, userId] of userIds.entries()) {
      const counted = this.#counted(userId, said[index] ?? {}, leases);
      if (counted.length > 0) signs.set(userId, counted);
    }
    return { era: leases.era, nodes: complete, signs };
  }

  onReturn(listener: () => void): Cancel {
    return this.options.onChange((isUp) => {
      if (isUp) listener();
    });
  }

  /** What counts, and removes what never will again. */
  #counted(userId: string, said: Record<string, string>, leases: Leases): Sign[] {
    const byNode = new Map<string, Sign>();
    const dead: string[] = [];
    for (const [lease, text] of Object.entries(said)) {
      const sign = signOf(lease, text, leases);
      if (sign === undefined) dead.push(lease);
      else if (byNode.get(sign.nodeId)?.liveness !== 'active') byNode.set(sign.nodeId, sign);
    }
    // Only tidying: what fails is tidied another time.
    if (dead.length > 0) this.options.redis.hdel(keyOf(userId), ...dead).catch(() => undefined);
    return [...byNode.values()];
  }

  async #hold(act: 'open' | 'complete' | 'renew' | 'leave'): Promise<unknown> {
    const lease = this.#held.at(-1) ?? '';
    const times = [this.ttlMs, Math.ceil(this.ttlMs * KEPT_SHARE)];
    const older = this.#held.slice(0, -1);
    return this.options.redis.eval(HOLD_SCRIPT, 1, LEASES_KEY, ...times, act, lease, randomUUID(), ...older);
  }

  async #look(): Promise<Leases> {
    const [now, ...all] = (await this.options.redis.eval(LOOK_SCRIPT, 1, LEASES_KEY)) as string[];
    const nowMs = Number(now);
    let era = '';
    const living = new Map<string, boolean>();
    for (let index = 0; index < all.length; index += 2) {
      const [field = '', value = ''] = [all[index], all[index + 1]];
      if (field === 'era') era = value;
      else if (Number(value.slice(2)) > nowMs) living.set(field, value.startsWith('1'));
    }
    return { nowMs, era, living };
  }
}

function completeOf({ living }: Leases): Map<string, string> {
  const complete = [...living].filter(([, isComplete]) => isComplete);
  return new Map(complete.map(([lease]) => [nodeOf(lease), lease]));
}

function signOf(lease: string, text: string, { nowMs, living }: Leases): Sign | undefined {
  const [letter, ends] = text.split(' ');
  const liveness: Liveness = letter === LETTERS.active ? 'active' : 'idle';
  const sign = { nodeId: nodeOf(lease), liveness };
  if (ends === undefined) return living.has(lease) ? sign : undefined;
  const leftMs = Number(ends) - nowMs;
  return leftMs > 0 ? { ...sign, leftMs } : undefined;
}

const nodeOf = (lease: string): string => lease.slice(0, lease.lastIndexOf('/'));
