import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runProcess, startProcess, type TestProcess } from './index.js';

describe('the service in a process of its own', () => {
  let cwd: string;

  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-process-'));
  });
  afterEach(() => rm(cwd, { recursive: true, force: true }));

  it('prints its address once, serves, and ends with 0 on SIGTERM', async () => {
    const service = await startProcess({ cwd, env: { DRAIN_MS: '500' } });
    const ann = await service.connect('ann');
    const exit = service.kill('SIGTERM');
    await expect(ann.closed).resolves.toMatchObject({
      code: 1012,
      reason: expect.stringMatching(/^retry-after-ms=\d+$/),
    });
    await expect(exit).resolves.toEqual({ code: 0, signal: null });
    expect(service.output.match(/Parley listens on/g)).toHaveLength(1);
  });

  it('keeps its users over kill -9', async () => {
    const first = await startProcess({ cwd });
    const before = await first.user('ann');
    await expect(first.kill('SIGKILL')).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    const second = await startProcess({ cwd });
    await expect(second.user('ann')).resolves.toMatchObject({ id: before.id });
    await second.kill();
  });

  it('reads .env of its working directory, and the environment before it', async () => {
    await writeFile(join(cwd, '.env'), 'PUBLIC_URL=http://from.file:1\nMAX_CONNECTIONS=none\n');
    const { output } = await runProcess({ cwd });
    expect(output).toBe(
      'MAX_CONNECTIONS is not a whole number: allowed is a whole number from 1 to 10000000\n',
    );
    const exit = await runProcess({ cwd, env: { MAX_CONNECTIONS: '1', PORT: 'x' } });
    expect(exit).toMatchObject({ code: 78, output: expect.stringMatching(/^PORT .*\n$/) });
  });

  it('says in one line that the port is taken', async () => {
    const first = await startProcess({ cwd });
    const { port } = new URL(first.url);
    const second = await runProcess({ cwd, env: { PORT: port, DATA_DIR: './other' } });
    expect(second).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^Parley cannot start: port \d+ .*taken.*\n$/),
    });
    await first.kill();
  });

  it('says in one line that the data folder is locked', async () => {
    const first = await startProcess({ cwd });
    const second = await runProcess({ cwd });
    expect(second).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^Parley cannot start: .*\.\/data.*\n$/),
    });
    await first.kill();
  });

  it('says in one line that the data folder cannot be made', async () => {
    await writeFile(join(cwd, 'data'), 'a file');
    const { code, output } = await runProcess({ cwd });
    expect(code).toBe(1);
    expect(output).toMatch(/^Parley cannot start: .*data.*\n$/);
  });

  it('ends at once on a second signal', async () => {
    const service = await startProcess({ cwd, env: { DRAIN_DELAY_MS: '60000' } });
    const first = service.kill('SIGTERM');
    await untilNotReady(service);
    await expect(service.kill('SIGTERM')).resolves.toEqual({ code: 1, signal: null });
    await first;
  });

  it('does not outlive an error that nobody caught', async () => {
    const compiled = String(process.env['PARLEY_COMPILED_DIR']);
    const main = join(cwd, 'main.mjs');
    const lines = [
      `import { AppModule } from '${compiled}/src/app.module.js';`,
      `import { startParley } from '${compiled}/src/start-parley.js';`,
      `process.once('SIGUSR2', () => void Promise.reject(new Error('lost')));`,
      'await startParley(AppModule);',
    ];
    await writeFile(main, lines.join('\n'));
    const service = await startProcess({ cwd, main });
    await expect(service.kill('SIGUSR2')).resolves.toEqual({ code: 1, signal: null });
    expect(service.output).toMatch(/"level":"fatal".*"message":"lost"/);
  });

  it('warns of keys that are set in vain', async () => {
    const service = await startProcess({ cwd, env: { RATE_FRAME_PER_S: '1' } });
    await service.kill();
    expect(service.output).toMatch(/"level":"warn".*RATE_FRAME_PER_S is not a key.*RATE_FRAMES_PER_S/);
  });
});

async function untilNotReady(service: TestProcess): Promise<void> {
  while ((await service.http.get('/health/ready')).status === 200) await new Promise(setImmediate);
}
