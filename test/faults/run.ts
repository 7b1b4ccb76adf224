import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exit } from '../../src/testing/index.js';
import {
  type Breach,
  checkFaults,
  type FaultHistory,
  type FaultRecord,
  type NemesisRecord,
} from '../checker/index.js';
import type { ClusterNode } from '../support/cluster/cluster-node.js';
import type { ServerProcess } from '../support/servers/server-process.js';
import { Cluster } from '../support/cluster/cluster.js';
import { LoadGroup } from './load/load-group.js';
import { nowMs } from './load/record-file.js';
import type { Fault } from './nemesis/fault.js';
import { setScene } from './scene.js';
import { storedLogs } from './stored-logs.js';

export interface RunOptions {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** How long a fault lasts; what comes before and after it is as long as it has to be. */
  readonly faultMs: number;
  /** The quiet time at the end, in which everything has to become true. */
  readonly quietMs: number;
  /** The compiled `main.js` of the nodes. Defaults to the service's own. */
  readonly main?: string;
  readonly sendsPerSecond?: number;
}

export interface Run extends FaultHistory {
  readonly breaches: readonly Breach[];
  /** Most memory of one node while a fault was there, in MB, by the fault's id. */
  readonly peakMb: ReadonlyMap<string, number>;
  /** How nodes ended that were asked to. */
  readonly asked: readonly Exit[];
}

/** Longest wait for the service to be as it was before a fault. */
const RECOVERY_MS = 20_000;
const SETTLE_MS = 1_500;
/** What the service does before the first fault is what it is compared with. */
const CALM_MS = 3_000;
/** Time in which it can be seen to be as before. */
const AFTER_MS = 2_500;
const SENDS_PER_SECOND = 80;

/** Times that a run is too short for. */
const NODE_ENV = {
  PRESENCE_GRACE_MS: '1000',
  DRAIN_MS: '2000',
  ACCESS_TOKEN_TTL: '36000',
  RATE_UPGRADES_PER_S: '0',
  RATE_LOGINS_PER_MIN: '0',
  MAX_CONNECTIONS_PER_USER: '1000',
  LOG_LEVEL: 'warn',
};

/** Starts a cluster under load, plays the faults one after the other, and judges what all the clients saw. */
export async function play(options: RunOptions): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-faults-'));
  const main = options.main === undefined ? {} : { main: options.main };
  const cluster = await Cluster.start({ env: NODE_ENV, ...main });
  let load: LoadGroup | undefined;
  try {
    const { seed, sendsPerSecond = SENDS_PER_SECOND } = options;
    const plans = await setScene(cluster, { seed, sendsPerSecond, folder });
    load = await LoadGroup.start(plans, folder);
    return await new Playing(cluster, load, options).play();
  } finally {
    load?.kill();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class Playing {
  private readonly nemesis: FaultRecord[] = [];
  private readonly peakMb = new Map<string, number>();
  private readonly asked: Exit[] = [];
  private current = 'none';

  constructor(
    private readonly cluster: Cluster,
    private readonly load: LoadGroup,
    private readonly options: RunOptions,
  ) {}

  async play(): Promise<Run> {
    const watch = setInterval(() => this.measure(), 200);
    try {
      await this.recovered();
      this.note('calm');
      await delay(CALM_MS);
      for (const fault of this.options.faults) await this.playOne(fault);
      this.note('rest');
      this.load.order('rest');
      await this.until(() => this.load.open === 0);
      await delay(this.options.quietMs);
    } finally {
      clearInterval(watch);
    }
    const records = await this.load.end(this.nemesis);
    const logs = await storedLogs(this.cluster.databaseUrl);
    const breaches = [...checkFaults({ records, logs }), ...this.strays()];
    return { records, logs, breaches, peakMb: this.peakMb, asked: this.asked };
  }

  private async playOne(fault: Fault): Promise<void> {
    const { cluster, load } = this;
    this.current = fault.id;
    this.note('fault', fault.id);
    await fault.play({
      cluster,
      load,
      hold: async (share) => delay(share * this.options.faultMs),
      hang: async (server) => this.hang(server),
      stop: async (node) => this.stop(node),
    });
    this.note('heal', fault.id);
    await this.recovered();
    await delay(AFTER_MS);
  }

  private async hang(server: ServerProcess): Promise<void> {
    this.note('hang');
    server.pause();
    await delay(this.options.faultMs);
    server.resume();
    this.note('resumed');
  }

  private async stop(node: ClusterNode): Promise<void> {
    this.note('stop', node.url);
    const exit = await node.end('SIGTERM');
    this.note('stopped', node.url);
    if (exit) this.asked.push(exit);
  }

  private note(kind: NemesisRecord['kind'], name = ''): void {
    this.nemesis.push({ t: nowMs(), kind, name });
  }

  /** Clients are back, and messages are acknowledged. */
  private async recovered(): Promise<void> {
    const before = this.load.acknowledged;
    await delay(SETTLE_MS);
    await this.until(() => this.load.acknowledged > before && this.load.connected > 0);
  }

  private async until(isSo: () => boolean): Promise<void> {
    const endMs = performance.now() + RECOVERY_MS;
    while (!isSo() && performance.now() < endMs) await delay(100);
  }

  private measure(): void {
    const mb = Math.max(...this.cluster.nodes.map(({ residentMb }) => residentMb));
    this.peakMb.set(this.current, Math.max(mb, this.peakMb.get(this.current) ?? 0));
  }

  /** C10: nothing ended but what the nemesis ended, and what was asked to end did so by itself, in time and in order. */
  private strays(): Breach[] {
    const asked = this.asked.filter(({ code }) => code !== 0);
    return [
      ...asked.map((exit) => c10(`a node that was asked to end ended with ${JSON.stringify(exit)}`)),
      ...this.cluster.nodes.flatMap(({ name, strays }) =>
        strays.map((exit) => c10(`${name} ended with ${JSON.stringify(exit)}`)),
      ),
      ...this.cluster.nodes
        .filter(({ output }) => /uncaught error|unhandledRejection/i.test(output))
        .map(({ name }) => c10(`${name} wrote of an uncaught error`)),
    ];
  }
}

const c10 = (message: string): Breach => ({ check: 'C10', message });
