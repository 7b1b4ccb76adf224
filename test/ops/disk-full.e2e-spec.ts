import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startProcess, type TestClient, type TestProcess } from 'parley/testing';

const RUN_TIMEOUT_MS = 60_000;
const MOST_SENDS = 500;

/** Whether a program of the system did what it was asked for; `mount` and `umount` are for root. */
function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

/** A file system of a few megabytes; `undefined` where the tests may not make one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  if (runs('mount', '-t', 'tmpfs', '-o', 'size=6m,mode=0700', 'none', folder)) return folder;
  rmdirSync(folder);
  return undefined;
}

/** Writes until nothing more fits. */
function fill(file: string): void {
  runs('dd', 'if=/dev/zero', `of=${file}`, 'bs=512');
}

const disk = smallDisk();
if (disk === undefined) {
  if (process.env['CI'] === 'true') throw new Error('a disk that is full takes root, for mount');
  process.stderr.write('SKIPPED: a disk that is full takes root, for mount\n');
}

(disk === undefined ? describe.skip : describe)('a disk that is full', () => {
  const folder = disk ?? '';
  const filler = join(folder, 'filler');
  let cwd: string;
  let service: TestProcess;
  let ann: TestClient;
  let roomId: string;
  let sent = 0;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-'));
    service = await startProcess({ cwd, env: { DATA_DIR: join(folder, 'data'), RATE_UPGRADES_PER_S: '0' } });
    ann = await service.connect('ann');
    const { room } = await ann.request('room.create', { kind: 'group', name: 'garden' });
    roomId = String((room as Json)['id']);
  }, RUN_TIMEOUT_MS);
  afterAll(async () => {
    await service.kill();
    runs('umount', folder);
    rmdirSync(folder);
    await rm(cwd, { recursive: true, force: true });
  }, RUN_TIMEOUT_MS);

  /** `stored`, or the code of the refusal. */
  const send = async (): Promise<string> => {
    sent += 1;
    const message = { roomId, text: 'x'.repeat(4000), clientId: `disk-full-${sent}` };
    return await ann.request('message.send', message).then(
      () => 'stored',
      ({ code }: { code: string }) => code,
    );
  };

  it(
    'is what ready says, while connections stay and nothing is acknowledged, until there is room again',
    async () => {
      await expect(send()).resolves.toBe('stored');
      fill(filler);
      let outcome = 'stored';
      while (outcome === 'stored' && sent < MOST_SENDS) outcome = await send();
      expect(outcome).toBe('UNAVAILABLE');
      await expect(service.http.get('/health/ready')).resolves.toMatchObject({
        status: 503,
        body: { status: 'down', down: ['store'] },
      });
      await expect(service.http.get('/health/live')).resolves.toMatchObject({ status: 200 });
      await expect(ann.request('auth.whoami')).resolves.toHaveProperty('connectionId');

      rmSync(filler);
      await expect(service.http.get('/health/ready')).resolves.toMatchObject({ status: 200 });
      await expect(send()).resolves.toBe('stored');
    },
    RUN_TIMEOUT_MS,
  );
});
