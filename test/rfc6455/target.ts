import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { startProcess, type TestClient, type TestProcess } from 'parley/testing';
import { WireClient, type WireOptions } from './wire-client.js';

/** A process takes a while to start on a busy machine. */
const START_MS = 60_000;

/** The service in a process of its own, and somebody who uses it properly beside every test. */
export interface Target {
  readonly service: TestProcess;
  /** A connection of `user`, by default `raw`. */
  open(options?: Omit<WireOptions, 'token'>, user?: string): Promise<WireClient>;
  /** Resident memory of the service, in bytes. */
  memory(): Promise<number>;
}

/**
 * Starts a service for the cases of the describe that it is called in. After each, the service is alive, has met no fault
 * of its own, and serves the bystander.
 */
export function target(env: Readonly<Record<string, string>> = {}): Target {
  let cwd = '';
  let service: TestProcess | undefined;
  let bystander: TestClient | undefined;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-rfc6455-'));
    const unlimited = { RATE_UPGRADES_PER_S: '0', RATE_LOGINS_PER_MIN: '0', ADMIN_PORT: '0' };
    const limits = { MAX_CONNECTIONS_PER_USER: '1000' };
    service = await startProcess({ cwd, env: { DURABILITY: 'process', ...unlimited, ...limits, ...env } });
    bystander = await service.connect('bystander');
  }, START_MS);
  afterEach(async () => {
    await expect(bystander?.request('auth.whoami')).resolves.toHaveProperty('connectionId');
    expect(service?.output).not.toMatch(/"level":"(error|fatal)"/);
  });
  afterAll(async () => {
    const exit = service?.kill();
    await expect(exit).resolves.toMatchObject({ code: 0 });
    await rm(cwd, { recursive: true, force: true });
  });

  const running = (): TestProcess => {
    if (service === undefined) throw new Error('the service has not been started yet');
    return service;
  };
  return {
    get service() {
      return running();
    },
    async open(options = {}, user = 'raw') {
      const { accessToken } = await running().user(user);
      return await WireClient.open(running().url, { token: accessToken, ...options });
    },
    async memory() {
      const status = await readFile(`/proc/${running().pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
  };
}
