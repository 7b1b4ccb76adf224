import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { StorageError } from '../../storage-error.js';

/** `alone`: no other node may run on the database. `shared`: those that are `shared`, too. */
export type NodeKind = 'alone' | 'shared';

/** The advisory lock that each node holds while it runs: 'prln'. */
const NODE_LOCK = 0x70_72_6c_6e;

/** A node that was killed leaves its lock for as long as the server takes to notice. */
const START_WAIT_MS = 3_000;

/** After a lost connection: longer than the server takes to notice that the machine of a node is gone. */
const RETAKE_WAIT_MS = 20_000;

const PAUSE_MS = 200;
const CONNECT_TIMEOUT_MS = 2_000;

/** The server asks a silent peer, and frees its lock after some fifteen seconds without an answer. */
const PEER_CHECKS = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2';

const REFUSALS: Readonly<Record<NodeKind, string>> = {
  alone:
    'another node runs on this database: set REDIS_URL on every node, so that they are a cluster, or stop the other one',
  shared:
    'a node without REDIS_URL runs on this database: set REDIS_URL on that one too, so that they are a cluster, or stop it',
};

/**
 * Says on the database that this node runs, by a lock on a connection of its own: nodes that share no bus must not run side
 * by side. A lost connection is made again, and the lock taken again.
 */
export class NodeLock {
  /** Whether other nodes ran when this one started. */
  hasCompany = false;
  #client: pg.Client | undefined;
  #isStopped = false;

  constructor(
    private readonly url: string,
    private readonly kind: NodeKind,
    /** Other nodes run that must not: this one has to stop. */
    private readonly onOusted: (reason: string) => void,
  ) {}

  /** Rejects, with the mend, when other nodes run beside which this one must not. */
  async take(): Promise<void> {
    const endMs = performance.now() + START_WAIT_MS;
    for (;;) {
      if (await this.#attempt()) return;
      if (performance.now() > endMs) throw new Error(REFUSALS[this.kind]);
      await delay(PAUSE_MS);
    }
  }

  async release(): Promise<void> {
    this.#isStopped = true;
    await this.#drop();
  }

  async #attempt(): Promise<boolean> {
    const client = this.#client ?? (await this.#connect());
    if (await locked(client, 'pg_try_advisory_lock')) {
      this.hasCompany = false;
      if (this.kind === 'alone') return true;
      await locked(client, 'pg_advisory_lock_shared');
      await locked(client, 'pg_advisory_unlock');
      return true;
    }
    if (this.kind === 'alone') return false;
    this.hasCompany = await locked(client, 'pg_try_advisory_lock_shared');
    return this.hasCompany;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'parley node',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      options: PEER_CHECKS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw new StorageError('not-stored', String(error), { cause: error });
    }
    this.#client = client;
    client.once('end', () => this.#lose(client));
    return client;
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (!this.#isStopped) void this.#retake();
  }

  /** For as long as the server is away nobody else can run on it either. */
  async #retake(): Promise<void> {
    let endMs = Infinity;
    while (!this.#isStopped) {
      try {
        if (await this.#attempt()) return;
        if (endMs === Infinity) endMs = performance.now() + RETAKE_WAIT_MS;
        if (performance.now() > endMs) return this.onOusted(REFUSALS[this.kind]);
      } catch {
        endMs = Infinity;
        await this.#drop();
      }
      await delay(PAUSE_MS, undefined, { ref: false });
    }
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}

async function locked(client: pg.Client, call: string): Promise<boolean> {
  const { rows } = await client.query(`select ${call}($1) as done`, [NODE_LOCK]);
  return (rows[0] as { done: unknown }).done !== false;
}
