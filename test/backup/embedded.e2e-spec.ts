import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcess } from '../../src/testing/index.js';
import { itRestoresBackups } from './backup.contract.js';
import { run } from './command.js';

let cwd: string;
let places = 0;

beforeAll(async () => (cwd = await mkdtemp(join(tmpdir(), 'parley-embedded-'))));
afterAll(async () => rm(cwd, { recursive: true, force: true }));

const freshPlace = async (): Promise<{ DATA_DIR: string }> => ({ DATA_DIR: join(cwd, `data-${++places}`) });

describe('a backup of the embedded store', () => {
  itRestoresBackups({ dialect: 'sqlite', freshPlace });

  it('replaces what is there only when it is told to, and lets nobody else read', async () => {
    const env = await freshPlace();
    const first = await startProcess({ cwd, env });
    await first.user('ann');
    await first.kill();
    const backup = join(cwd, 'of-ann');
    expect((await run({ cwd, env }, 'backup', backup)).code).toBe(0);
    const second = await startProcess({ cwd, env });
    await second.user('bob');
    // Its log stands beside the file.
    await second.kill('SIGKILL');

    const refusal = await run({ cwd, env }, 'restore', backup);
    expect(refusal).toMatchObject({ code: 1, stdout: '' });
    expect(refusal.stderr).toContain('set DATA_DIR to an empty folder, or say --replace, which deletes it');
    expect((await run({ cwd, env }, 'restore', backup, '--replace')).code).toBe(0);

    const third = await startProcess({ cwd, env });
    const logIn = async (username: string): Promise<number> =>
      (await third.http.post('/auth/login', { username, password: `${username}'s password` })).status;
    expect([await logIn('ann'), await logIn('bob')]).toEqual([200, 401]);
    await third.kill();
    expect(await readdir(env.DATA_DIR)).not.toContain('restoring');
    for (const folder of [backup, env.DATA_DIR]) {
      for (const path of [folder, join(folder, 'parley.db')]) expect((await stat(path)).mode & 0o077).toBe(0);
    }
  });

  it('is not restored when its database is damaged', async () => {
    const env = await freshPlace();
    const service = await startProcess({ cwd, env });
    await service.user('ann');
    await service.kill();
    const backup = join(cwd, 'damaged');
    expect((await run({ cwd, env }, 'backup', backup)).code).toBe(0);
    const file = await open(join(backup, 'parley.db'), 'r+');
    await file.write(Buffer.alloc(4096 * 8, 0xff), 0, 4096 * 8, 4096 * 4);
    await file.close();
    const ending = await run({ cwd, env }, 'restore', backup, '--replace');
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toMatch(/damaged|malformed/);
    // What was there still is.
    const again = await startProcess({ cwd, env });
    await again.user('ann');
    expect(
      (await again.http.post('/auth/register', { username: 'ann', password: 'another one' })).status,
    ).toBe(409);
    await again.kill();
  });

  it.each([
    ['without a verb', [], 64, /the first argument is backup or restore\n\nUsage: /],
    ['without a folder', ['backup'], 64, /name the folder of the backup/],
    ['with an option that it does not have', ['backup', 'there', '--replace'], 64, /backup has no options/],
    ['with an unknown option', ['restore', 'there', '--force'], 64, /Unknown option '--force'/],
    ['of nothing', ['backup', 'there'], 1, /there is no database in .*: set DATA_DIR/],
    ['from nothing', ['restore', 'there'], 1, /there is no backup/],
    [
      'into a folder of nowhere',
      ['backup', 'no/where'],
      1,
      /the folder above no\/where does not exist: make it/,
    ],
  ])('says what is wrong %s', async (_, args, code, reason) => {
    const ending = await run({ cwd, env: await freshPlace() }, ...args);
    expect(ending).toMatchObject({ code, stdout: '' });
    expect(ending.stderr).toMatch(reason);
    expect(await readdir(cwd)).not.toContain('there.part');
  });

  it('reads the settings as the service does', async () => {
    const ending = await run({ cwd, env: { DATABASE_URL: 'mysql://there' } }, 'backup', 'there');
    expect(ending).toMatchObject({ code: 78, stdout: '' });
    expect(ending.stderr).toMatch(/^DATABASE_URL has another scheme/);
  });
});
