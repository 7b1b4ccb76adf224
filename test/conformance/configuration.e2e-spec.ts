/* @one-node What a process reads when it starts, says when it ends, and keeps in its folder. */

import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runProcess } from 'parley/testing';
import { createRoom, newFolder, say, serve } from './contract.js';

/** For tests that start the service several times over. */
const STARTS_TIMEOUT_MS = 60_000;

describe('configuration', () => {
  let cwd: string;

  beforeAll(async () => {
    cwd = await newFolder();
  });
  afterAll(() => rm(cwd, { recursive: true, force: true }));

  it.each([
    ['PORT', '65536'],
    ['DURABILITY', 'most'],
    ['ACCESS_TOKEN_TTL', '0'],
    ['HEARTBEAT_MS', '25s'],
    ['ALLOWED_ORIGINS', 'https://app.example/path'],
    ['DATABASE_URL', 'mysql://db'],
    ['TLS_CERT_FILE', './no-such-file.pem'],
    ['REDIS_URL', 'redis://bus'],
  ])('%s=%j stops the start with one line and code 78', async (key, value) => {
    const { code, output } = await runProcess({ cwd, env: { [key]: value } });
    expect({ code, output }).toEqual({
      code: 78,
      output: expect.stringMatching(new RegExp(`^${key}\\b.*\\n$`)),
    });
    expect(output).toMatch(/: .+/);
  });

  it(
    'is stricter in production',
    async () => {
      for (const env of [
        { ALLOWED_ORIGINS: 'http://app.example' },
        { ADMIN_HOST: '0.0.0.0' },
        { LOG_FORMAT: 'pretty' },
      ]) {
        const { code, output } = await runProcess({ cwd, env: { NODE_ENV: 'production', ...env } });
        expect({ env, code }).toEqual({ env, code: 78 });
        expect(output).toMatch(/^[A-Z_]+\b.*\n$/);
      }
    },
    STARTS_TIMEOUT_MS,
  );

  it('takes the small values that tests need', async () => {
    const { process: service } = await serve({
      ACCESS_TOKEN_TTL: '2',
      HEARTBEAT_MS: '500',
      PRESENCE_GRACE_MS: '0',
      PRESENCE_IDLE_MS: '1000',
      MAX_FRAME_BYTES: '1024',
      MAX_ATTACHMENT_BYTES: '1000',
      DRAIN_MS: '500',
      MAX_CONNECTIONS: '1',
      MAX_OUTBOX_BYTES: '16384',
    });
    const ann = await service.connect('ann');
    expect(ann.ready).toMatchObject({ heartbeatMs: 500, maxFrameBytes: 1024 });
    expect(await service.kill()).toEqual({ code: 0, signal: null });
  });

  it('reads the environment before .env.local before .env, and warns of unknown keys', async () => {
    const folder = await newFolder({
      '.env': 'HEARTBEAT_MS=1000\nMAX_FRAME_BYTES=2000\nACCESS_TOKEN_TTL=100\n',
      '.env.local': 'MAX_FRAME_BYTES=3000\nACCESS_TOKEN_TTL=200\n',
    });
    const env = { ACCESS_TOKEN_TTL: '300', MAX_FRAME_BITES: '1', SOMETHING_ELSE: 'x' };
    const { process: service, stop } = await serve(env, folder);
    const ann = await service.connect('ann');
    expect(ann.ready).toMatchObject({ heartbeatMs: 1000, maxFrameBytes: 3000 });
    const { body } = await service.http.post('/auth/login', { username: 'ann', password: "ann's password" });
    expect(body['expiresIn']).toBe(300);
    expect(service.output).toContain('MAX_FRAME_BITES');
    expect(service.output).not.toContain('SOMETHING_ELSE');
    expect(service.output.match(/^Parley listens on \S+$/gm)).toEqual([`Parley listens on ${service.url}`]);
    await stop();
  });
});

describe('a data folder', () => {
  it('belongs to one process at a time', async () => {
    const { folder, stop } = await serve();
    const second = await runProcess({ cwd: folder });
    expect(second.output).toMatch(/^.*data.*\n$/);
    expect(second.code).toBeGreaterThan(0);
    await stop();
  });

  it(
    'keeps everything over a stop and a kill',
    async () => {
      const { folder, process: first, stop } = await serve({ DRAIN_MS: '100' });
      const [ann, bob] = [await first.connect('ann'), await first.connect('bob')];
      const { accessToken, refreshToken } = await first.user('ann');
      const bobId = (await first.user('bob')).id;
      const roomId = String(
        (await createRoom(ann, { kind: 'group', name: 'kept', memberIds: [bobId] }))['id'],
      );
      const said = await say(ann, roomId, 'kept too', { meta: { a: 1 } });
      await bob.request('message.read', { roomId, seq: said['seq'] });
      const before = await bob.request('room.sync', {});
      const { epoch } = ann.ready;
      await first.kill('SIGTERM');
      const { process: second } = await serve({}, folder);
      const again = await second.open({ headers: { authorization: `Bearer ${accessToken}` } });
      expect(await again.next('ready')).toMatchObject({ epoch, user: ann.ready['user'] });
      expect(await again.request('message.get', { roomId, seq: said['seq'] })).toEqual({
        message: said,
        head: 3,
      });
      const back = await second.connect('bob');
      const synced = await back.request('room.sync', {});
      expect(synced['rooms']).toEqual(before['rooms']);
      const more = await say(again, roomId, 'and more');
      expect(more['seq']).toBe(4);
      await second.kill('SIGKILL');
      const { process: third } = await serve({}, folder);
      const { status } = await third.http.post('/auth/refresh', { refreshToken });
      expect(status).toBe(200);
      const last = await third.connect('bob');
      expect(last.ready['epoch']).toBe(epoch);
      const { rooms } = await last.request('room.sync', { epoch, rooms: { [roomId]: 3 } });
      expect(rooms[0].events).toMatchObject([{ seq: 4, message: more }]);
      await stop();
    },
    STARTS_TIMEOUT_MS,
  );
});
