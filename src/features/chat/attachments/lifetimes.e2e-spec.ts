import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  type ServerOptions,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { BlobStore } from './blobs/blob-store.js';
import { DiskBlobStore } from './blobs/blob-store.disk.js';
import { ask, upload, uploaded, uploadForm } from './testing.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let clock: ManualClock;
let server: TestServer;
let dataDir: string;
let ann: TestClient;
let roomId: string;
let lastId = 0;

async function start(options: ServerOptions = {}): Promise<void> {
  server = await startServer({
    clock,
    dataDir,
    ...options,
    env: { ACCESS_TOKEN_TTL: '31536000', ...options.env },
  });
  ann = await server.connect('ann');
}

async function createRoom(): Promise<void> {
  roomId = (await ann.request('room.create', { kind: 'group' }))['room'].id as string;
}

beforeEach(async () => {
  clock = new ManualClock('2030-01-01T12:00:00.000Z');
  dataDir = await mkdtemp(join(tmpdir(), 'parley-'));
});

afterEach(async () => {
  await server.close();
  await rm(dataDir, { recursive: true });
});

async function files(): Promise<string[]> {
  const folder = join(dataDir, 'attachments');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function send(values: object): Promise<Json> {
  const clientId = `client-${++lastId}`;
  return (await ann.request('message.send', { roomId, text: 'x', clientId, ...values }))['message'] as Json;
}

const status = async (id: string): Promise<number> =>
  (await ask(server, `/attachments/${id}`, { as: 'ann' })).status;

describe('an attachment', () => {
  beforeEach(async () => {
    await start();
    await createRoom();
  });

  it('is gone after a day if no message names it', async () => {
    const [kept, lost] = [await uploaded(server, 'ann', roomId), await uploaded(server, 'ann', roomId)];
    await send({ attachmentIds: [kept['id']] });
    clock.jump(DAY_MS - 1);
    expect([await status(kept['id']), await status(lost['id'])]).toEqual([200, 200]);
    clock.jump(1);
    expect([await status(kept['id']), await status(lost['id'])]).toEqual([200, 404]);
    await expect(send({ attachmentIds: [lost['id']] })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await server.get(AttachmentSweeper).sweep();
    expect(await files()).toEqual([kept['id']]);
  });

  it('is swept without being told to', async () => {
    await uploaded(server, 'ann', roomId);
    clock.jump(DAY_MS);
    await clock.advance(60_000);
    for (let tries = 0; tries < 200 && (await files()).length > 0; tries += 1) await delay(10);
    expect(await files()).toEqual([]);
  });

  it('goes with its message, at once for all and soon from the disk', async () => {
    const { id } = await uploaded(server, 'ann', roomId, 'a secret');
    const { seq } = await send({ attachmentIds: [id] });
    const { body } = await ask(server, `/attachments/${id}/url`, { as: 'ann', method: 'POST' });
    await ann.request('message.delete', { roomId, seq });
    expect([await status(id), (await ask(server, String(body['url']))).status]).toEqual([404, 404]);
    const { message } = await ann.request('message.get', { roomId, seq });
    expect(message).toMatchObject({ attachments: [], text: '' });
    await server.get(AttachmentSweeper).sweep();
    expect(await files()).toEqual([]);
  });

  it('outlives a restart, and so do addresses of it', async () => {
    const { id } = await uploaded(server, 'ann', roomId, 'still here');
    const { body } = await ask(server, `/attachments/${id}/url`, { as: 'ann', method: 'POST' });
    const { accessToken } = await server.user('ann');
    await server.close();
    server = await startServer({ clock, dataDir });
    const headers = { authorization: `Bearer ${accessToken}` };
    expect(String((await ask(server, `/attachments/${id}`, { headers })).content)).toBe('still here');
    expect((await ask(server, String(body['url']))).status).toBe(200);
  });

  it('is opened by its signed address for five minutes', async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    const { body } = await ask(server, `/attachments/${id}/url`, { as: 'ann', method: 'POST' });
    clock.jump(299_000);
    expect((await ask(server, String(body['url']))).status).toBe(200);
    clock.jump(1000);
    expect((await ask(server, String(body['url']))).status).toBe(403);
  });
});

describe('a day of uploads', () => {
  beforeEach(async () => {
    await start({ env: { MAX_UPLOAD_BYTES_PER_DAY: '1000' } });
    await createRoom();
  });

  const give = async (bytes: number, as = 'ann') =>
    upload(server, as, uploadForm(roomId, Buffer.alloc(bytes)));

  it('ends when it is used up, until the next', async () => {
    expect((await give(600)).status).toBe(201);
    const refused = await give(401);
    expect([refused.status, refused.body['code']]).toEqual([429, 'RATE_LIMITED']);
    expect(refused.headers['retry-after']).toBe(String((12 * HOUR_MS) / 1000));
    expect(await files()).toHaveLength(1);
    expect((await give(400)).status).toBe(201);
    expect((await give(1)).status).toBe(429);
    expect((await give(0)).status).toBe(201);
    clock.jump(12 * HOUR_MS);
    expect((await give(1000)).status).toBe(201);
  });

  it('is not won back by deleting', async () => {
    const { id } = await uploaded(server, 'ann', roomId, Buffer.alloc(900));
    const { seq } = await send({ attachmentIds: [id] });
    await ann.request('message.delete', { roomId, seq });
    await server.get(AttachmentSweeper).sweep();
    expect((await give(200)).status).toBe(429);
  });

  it('is not stretched by uploads at once, nor used up by those that fail', async () => {
    const statuses = (await Promise.all([give(400), give(400), give(400)])).map((answer) => answer.status);
    expect(statuses.filter((one) => one === 201).length).toBeLessThanOrEqual(2);
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
    const taken = statuses.filter((one) => one === 201).length * 400;
    expect((await give(1000 - taken)).status).toBe(201);
  });

  it('is one user’s', async () => {
    const { id: bobId } = await server.user('bob');
    await ann.request('room.add', { roomId, userIds: [bobId] });
    expect((await give(1000)).status).toBe(201);
    expect((await give(1000, 'bob')).status).toBe(201);
  });
});

describe('what a crash leaves behind', () => {
  /** The disk as every node has it; what died removes nothing. */
  class DyingBlobStore extends DiskBlobStore {
    isDead = false;
    private readonly first = withResolvers<string>();
    readonly begun = this.first.promise;

    override async put(id: string, source: AsyncIterable<Uint8Array>): Promise<void> {
      this.first.resolve(id);
      await super.put(id, source);
    }

    override async delete(ids: readonly string[]): Promise<void> {
      if (this.isDead) throw new Error('the process has died');
      await super.delete(ids);
    }
  }

  it('is removed later', async () => {
    const blobs = new DyingBlobStore({ folder: join(dataDir, 'attachments'), isDurable: false });
    await start({ override: (builder) => builder.overrideProvider(BlobStore).useValue(blobs) });
    await createRoom();
    // The process dies between the row and the last byte: a row that says so, and a part of a file.
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    const form = uploadForm(roomId, Buffer.alloc(50_000));
    const { accessToken } = await server.user('ann');
    socket.write(
      `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}\r\nContent-Type: multipart/form-data; boundary="the boundary between parts"\r\nContent-Length: ${form.length}\r\n\r\n`,
    );
    socket.write(form.subarray(0, 30_000));
    const id = await blobs.begun;
    blobs.isDead = true;
    socket.destroy();
    await delay(100);
    await server.close();
    const part = join(dataDir, 'attachments', id.slice(-2), `${id}.part`);
    await mkdir(dirname(part), { recursive: true });
    await writeFile(part, 'half of it');

    await start();
    await server.get(AttachmentSweeper).sweep();
    expect(await files()).toEqual([`${id}.part`]);
    clock.jump(2 * HOUR_MS);
    await server.get(AttachmentSweeper).sweep();
    expect(await files()).toEqual([]);
  });
});

describe('the bytes of an attachment', () => {
  const MIB = 1024 * 1024;

  /** The disk, which counts what goes through it and can be held up. */
  class CountingBlobStore extends DiskBlobStore {
    written = 0;
    read = 0;
    gate: Promise<void> = Promise.resolve();

    override async put(id: string, source: AsyncIterable<Uint8Array>): Promise<void> {
      await super.put(id, this.counted(source));
    }

    private async *counted(source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        this.written += chunk.length;
        await this.gate;
        yield chunk;
      }
    }

    override async open(id: string) {
      const stream = await super.open(id);
      stream?.on('data', (chunk: Buffer) => (this.read += chunk.length)).pause();
      return stream;
    }
  }

  it('wait for a slow disk and for a slow reader', async () => {
    const blobs = new CountingBlobStore({ folder: join(dataDir, 'attachments'), isDurable: false });
    const { promise, resolve: open } = withResolvers<void>();
    blobs.gate = promise;
    await start({
      env: { MAX_ATTACHMENT_BYTES: String(64 * MIB) },
      override: (builder) => builder.overrideProvider(BlobStore).useValue(blobs),
    });
    await createRoom();

    const form = uploadForm(roomId, Buffer.alloc(48 * MIB, 7));
    let sent = 0;
    async function* counted() {
      for (let start = 0; start < form.length; start += 65_536) {
        sent += 65_536;
        yield await Promise.resolve(form.subarray(start, start + 65_536));
      }
    }
    const uploading = upload(server, 'ann', counted());
    await delay(400);
    expect(blobs.written).toBeLessThan(MIB);
    expect(sent).toBeLessThan(16 * MIB);
    open();
    const { status: made, body } = await uploading;
    expect([made, body['attachment'].bytes, blobs.written]).toEqual([201, 48 * MIB, 48 * MIB]);

    const { accessToken } = await server.user('ann');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').pause();
    socket.write(
      `GET /attachments/${body['attachment'].id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}\r\n\r\n`,
    );
    await delay(400);
    expect(blobs.read).toBeGreaterThan(0);
    expect(blobs.read).toBeLessThan(16 * MIB);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
    for (let tries = 0; tries < 500 && received < 48 * MIB; tries += 1) await delay(10);
    expect(received).toBeGreaterThan(48 * MIB);
    socket.destroy();
  });
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
