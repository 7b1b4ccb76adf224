import { readFile, rm, writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, uploaded } from '../../src/features/chat/attachments/testing.js';
import { type Json, startProcess, type TestClient, type TestProcess } from '../../src/testing/index.js';
import { run } from './command.js';

/** What differs between the stores. */
export interface StoreUnderTest {
  readonly dialect: string;
  /** The settings of a place where nothing is yet. */
  freshPlace(): Promise<Readonly<Record<string, string>>>;
}

interface Message {
  readonly seq: number;
  readonly text: string;
}

/** A backup that is made while the service runs, and what comes of it. */
export function itRestoresBackups({ dialect, freshPlace }: StoreUnderTest): void {
  let cwd: string;
  let env: Readonly<Record<string, string>>;
  let service: TestProcess;
  let sent = 0;
  const services = new Set<TestProcess>();

  async function started(place: Readonly<Record<string, string>>): Promise<TestProcess> {
    const running = await startProcess({ cwd, env: { ...place, RATE_LOGINS_PER_MIN: '0' } });
    services.add(running);
    return running;
  }

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-backup-'));
    env = await freshPlace();
    service = await started(env);
  });

  afterAll(async () => {
    await Promise.all([...services].map((each) => each.kill('SIGKILL')));
    await rm(cwd, { recursive: true, force: true });
  });

  async function send(client: TestClient, roomId: string, text: string, more: object = {}): Promise<Message> {
    sent += 1;
    const { message } = await client.request('message.send', {
      roomId,
      text,
      clientId: `sent-message-${sent}`,
      ...more,
    });
    return message as unknown as Message;
  }

  async function group(client: TestClient): Promise<string> {
    const { room } = await client.request('room.create', { kind: 'group', name: 'all' });
    return (room as Json)['id'] as string;
  }

  /** The place of a backup that has been restored. */
  async function restored(backup: string, ...options: string[]): Promise<Readonly<Record<string, string>>> {
    const place = await freshPlace();
    expect(await run({ cwd, env: place }, 'restore', backup, ...options)).toMatchObject({
      code: 0,
      stderr: '',
    });
    return place;
  }

  async function room(client: TestClient, roomId: string, epoch: unknown, seq: number): Promise<Json> {
    const { rooms } = await client.request('room.sync', { epoch, rooms: { [roomId]: seq } });
    return (rooms as Json[])[0] ?? {};
  }

  it('makes clients begin anew that have seen more than it holds', async () => {
    const ann = await service.connect('ann');
    const roomId = await group(ann);
    const kept = await send(ann, roomId, 'kept');
    const backup = join(cwd, 'behind');
    expect(await run({ cwd, env }, 'backup', backup)).toMatchObject({ code: 0, stderr: '' });
    const lost = await send(ann, roomId, 'lost');
    await send(ann, roomId, 'lost too');

    const later = await started(await restored(backup));
    const again = await later.connect('ann');
    const anew = await send(again, roomId, 'said anew');
    expect(anew.seq).toBe(lost.seq);
    expect(again.ready['epoch']).not.toBe(ann.ready['epoch']);
    // One who saw less than the new log has, and one who saw more of the old.
    for (const seen of [lost.seq, lost.seq + 1]) {
      const view = await room(again, roomId, ann.ready['epoch'], seen);
      expect(view['reset']).toBe(true);
      const texts = (view['events'] as Json[]).flatMap(
        (event) => (event['message'] as Json | undefined)?.['text'] ?? [],
      );
      expect(texts).toEqual(['kept', 'said anew']);
    }
    expect(await room(again, roomId, again.ready['epoch'], kept.seq)).not.toHaveProperty('reset');
    await later.kill();
  });

  it('ends sessions, unless they are to be kept', async () => {
    const { accessToken, refreshToken } = await service.user('sam');
    const backup = join(cwd, 'sessions');
    expect((await run({ cwd, env }, 'backup', backup)).code).toBe(0);
    const ended = await started(await restored(backup));
    expect((await ended.http.post('/auth/ticket', {}, { token: accessToken })).status).toBe(401);
    expect((await ended.http.post('/auth/refresh', { refreshToken })).status).toBe(401);
    expect((await ended.user('sam')).id).toBe((await service.user('sam')).id);
    await ended.kill();
    const kept = await started(await restored(backup, '--keep-sessions'));
    expect((await kept.http.post('/auth/refresh', { refreshToken })).status).toBe(200);
    await kept.kill();
  });

  it('has every file that a message in it names, whatever goes on meanwhile', async () => {
    const ann = await service.connect('ann');
    const roomId = await group(ann);
    let isOver = false;
    const traffic = (async (): Promise<void> => {
      for (let count = 0; !isOver; count++) {
        const { id } = await uploaded(service, 'ann', roomId, `content ${count}`);
        const { seq } = await send(ann, roomId, `look ${count}`, { attachmentIds: [id] });
        if (count % 2 === 0) await ann.request('message.delete', { roomId, seq });
      }
    })();
    const backup = join(cwd, 'busy');
    const ending = await run({ cwd, env }, 'backup', backup);
    isOver = true;
    await traffic;
    expect(ending).toMatchObject({ code: 0, stderr: '' });
    expect(ending.stdout).not.toContain('Warning');

    const later = await started(await restored(backup));
    const again = await later.connect('ann');
    const { messages } = await again.request('message.history', { roomId, limit: 100 });
    const named = (messages as Json[]).flatMap((message) => (message['attachments'] ?? []) as Json[]);
    expect(named.length).toBeGreaterThan(0);
    for (const { id } of named) {
      const answer = await ask(later, `/attachments/${id}`, { as: 'ann' });
      expect([answer.status, String(answer.content)]).toEqual([200, expect.stringMatching(/^content \d+$/)]);
    }
    await later.kill();
  });

  describe('is refused', () => {
    let backup: string;

    beforeAll(async () => {
      backup = join(cwd, 'refused');
      expect((await run({ cwd, env }, 'backup', backup)).code).toBe(0);
    });

    it('where there are data already', async () => {
      const ending = await run({ cwd, env }, 'restore', backup);
      expect(ending).toMatchObject({ code: 1, stdout: '' });
      expect(ending.stderr).toMatch(
        dialect === 'sqlite' ? /in use by another process: stop/ : /is not empty/,
      );
    });

    it('over another one', async () => {
      const ending = await run({ cwd, env }, 'backup', backup);
      expect(ending).toMatchObject({
        code: 1,
        stderr: `${backup} is there already: name a folder that is not\n`,
      });
    });

    it.each([
      ['of a later format', { format: 2 }, /is a backup of format 2: this version reads format 1/],
      [
        'by a newer version',
        { steps: [{ name: 'chat/9999-newer', checksum: '', is_compatible: 0 }] },
        /migrated by a newer version \(chat\/9999-newer\)/,
      ],
      ['when it is damaged', { files: 'many' }, /is no backup: its backup.json is damaged/],
    ])('%s', async (_, change, reason) => {
      const file = join(backup, 'backup.json');
      const manifest = await readFile(file, 'utf8');
      await writeFile(file, JSON.stringify({ ...JSON.parse(manifest), ...change }));
      const ending = await run({ cwd, env: await freshPlace() }, 'restore', backup);
      await writeFile(file, manifest);
      expect(ending).toMatchObject({ code: 1, stdout: '' });
      expect(ending.stderr).toMatch(reason);
    });
  });
}
