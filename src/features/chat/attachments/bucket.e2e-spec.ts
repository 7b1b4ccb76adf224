import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import S3rver from 's3rver';
import { startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { ask, upload, uploaded, uploadForm } from './testing.js';

describe('attachments in a bucket', () => {
  let home: string;
  let bucket: S3rver;
  let isBucketOpen: boolean;
  let server: TestServer;
  let ann: TestClient;
  let roomId: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-s3-'));
    bucket = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: home,
      configureBuckets: [{ name: 'files', configs: [] }],
    });
    const { port } = await bucket.run();
    isBucketOpen = true;
    server = await startServer({ env: { S3_URL: `http://S3RVER:S3RVER@127.0.0.1:${port}/files` } });
    ann = await server.connect('ann');
    roomId = (await ann.request('room.create', { kind: 'group' }))['room'].id as string;
  });

  afterEach(async () => {
    await server.close();
    await closeBucket();
    await rm(home, { recursive: true });
  });

  async function closeBucket(): Promise<void> {
    if (isBucketOpen) await bucket.close();
    isBucketOpen = false;
  }

  const objects = async (): Promise<string[]> =>
    (await readdir(join(home, 'files'))).filter((name) => name.endsWith('_object'));

  it('are as they are on a disk', async () => {
    const attachment = await uploaded(server, 'ann', roomId, '0123456789');
    expect(await objects()).toEqual([`${attachment['id']}._S3rver_object`]);
    const sending = { roomId, text: '', clientId: 'client-1', attachmentIds: [attachment['id']] };
    const { message } = await ann.request('message.send', sending);
    expect(message.attachments).toEqual([attachment]);
    const path = `/attachments/${attachment['id']}`;
    const range = await ask(server, path, { as: 'ann', headers: { range: 'bytes=3-5' } });
    expect([range.status, String(range.content)]).toEqual([206, '345']);
    expect(String((await ask(server, path, { as: 'ann' })).content)).toBe('0123456789');
    await ann.request('message.delete', { roomId, seq: message.seq });
    await server.get(AttachmentSweeper).sweep();
    expect(await objects()).toEqual([]);
    expect(await readdir(join(server.config.DATA_DIR, 'attachments', 'uploads'))).toEqual([]);
  });

  it('wait for the bucket while it is away', async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    await closeBucket();
    const refused = await upload(server, 'ann', uploadForm(roomId, 'x'));
    expect([refused.status, refused.body['code'], refused.body['ref']]).toEqual([
      503,
      'UNAVAILABLE',
      expect.any(String),
    ]);
    const unread = await ask(server, `/attachments/${id}`, { as: 'ann' });
    expect([unread.status, unread.body['code']]).toEqual([503, 'UNAVAILABLE']);
    expect(server.logs.join('')).not.toContain('S3RVER:');
    await server.get(AttachmentSweeper).sweep();
    expect((await ask(server, '/health/live')).status).toBe(200);
  });
});
