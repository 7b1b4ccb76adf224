import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDeflateRaw, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse as parseDisposition } from 'content-disposition';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import {
  type Answer,
  ask,
  FORM_TYPE,
  formBody,
  type FormPart,
  upload,
  uploaded,
  uploadForm,
} from './testing.js';

const MAX_BYTES = 200_000;
const GIF = Buffer.from(
  '47494638396101000100800000ffffff00000021f90400000000002c00000000010001000002',
  'hex',
);

let server: TestServer;
let ann: TestClient;
let roomId: string;

beforeAll(async () => {
  server = await startServer({ env: { MAX_ATTACHMENT_BYTES: String(MAX_BYTES) } });
  ann = await server.connect('ann');
  roomId = (await ann.request('room.create', { kind: 'group' }))['room'].id as string;
});

afterAll(async () => {
  // Whatever was sent, nothing that is ours went wrong, and nothing is left but what was acknowledged.
  expect(server.logs.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  await server.close();
});

async function files(): Promise<string[]> {
  const entries = await readdir(join(server.config.DATA_DIR, 'attachments'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Waits until as many files are kept. */
async function filesToBe(count: number): Promise<string[]> {
  for (let tries = 0; tries < 200 && (await files()).length !== count; tries += 1) await delay(10);
  return await files();
}

const refusalOf = ({ status, body }: Answer): unknown => [
  status,
  body['code'],
  ...((body['errors'] ?? []) as Json[]).map(({ path }) => path as string),
];

describe('the form of an upload', () => {
  const room = (content: string | Buffer = roomId): FormPart => ({ name: 'roomId', content });
  const file = (content: string | Buffer = 'x'): FormPart => ({ name: 'file', filename: 'x.txt', content });
  const junk = Buffer.alloc(50_000, 'x');

  it.each<[string, () => Buffer, string]>([
    ['without the room', () => formBody([file()]), 'roomId'],
    ['with the file before the room', () => formBody([file(), room()]), 'roomId'],
    ['without the file', () => formBody([room()]), 'file'],
    ['with the file as text', () => formBody([room(), { name: 'file', content: 'x' }]), 'file'],
    ['with a file without a name', () => uploadForm(roomId, 'x', ''), 'file'],
    ['with U+0000 in the name', () => uploadForm(roomId, 'x', 'a\0b'), ''],
    ['with two files', () => formBody([room(), file(junk), file()]), ''],
    ['with two rooms', () => formBody([room(), room(), file()]), 'roomId'],
    ['with a room after the file', () => formBody([room(), file(junk), room()]), 'roomId'],
    ['with another field', () => formBody([{ name: 'from', content: 'eve' }, room(), file()]), ''],
    ['with another file', () => formBody([room(), { ...file(), name: 'avatar' }]), ''],
    ['with a room that is none', () => formBody([room('a\0b'), file()]), 'roomId'],
    ['with a room that is too long', () => formBody([room('x'.repeat(9000)), file()]), 'roomId'],
    ['with an empty room', () => formBody([room(''), file()]), 'roomId'],
    ['without parts', () => formBody([]), 'file'],
    ['without anything', () => Buffer.alloc(0), ''],
    ['that ends in the middle of the file', () => uploadForm(roomId, junk).subarray(0, 40_000), ''],
    ['that ends in the middle of a header', () => uploadForm(roomId, junk).subarray(0, 60), ''],
    ['without its last boundary', () => uploadForm(roomId, junk).subarray(0, -40), ''],
    ['that is no form', () => junk, ''],
    [
      'with a header without end',
      () => Buffer.from(`--the boundary between parts\r\nX: ${'x'.repeat(40_000)}`),
      '',
    ],
  ])('is refused %s', async (_, body, path) => {
    const before = await files();
    expect(refusalOf(await upload(server, 'ann', body()))).toEqual([400, 'VALIDATION_FAILED', path]);
    expect(await files()).toEqual(before);
  });

  it.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'multipart/mixed; boundary="the boundary between parts"',
    'text/plain',
  ])('is refused as %s', async (type) => {
    const headers = { 'content-type': type };
    const body = type.endsWith('json') ? Buffer.from('{}') : uploadForm(roomId, 'x');
    const answer = await ask(server, '/attachments', { method: 'POST', as: 'ann', headers, body });
    expect(refusalOf(answer)).toEqual([400, 'VALIDATION_FAILED', '']);
  });

  it('leaves the connection usable when it is refused', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () =>
        fetch(`${server.url}/attachments`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${(await server.user('ann')).accessToken}`,
            'content-type': FORM_TYPE,
          },
          body: formBody([file(junk), room()]),
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  });
});

describe('the name of an attachment (T43)', () => {
  it.each([
    ['photo.png', 'photo.png'],
    ['../../etc/passwd', 'passwd'],
    ['..\\\\..\\\\boot.ini', 'boot.ini'],
    ['C:\\\\Users\\\\ann\\\\cv.doc', 'cv.doc'],
    ['%2e%2e%2fetc%2fpasswd', '%2e%2e%2fetc%2fpasswd'],
    ['..', 'file'],
    ['.', 'file'],
    ['evil\u202Egpj.exe', 'evilgpj.exe'],
    ['zero\u200Bwidth', 'zerowidth'],
    ['Grüße 🌳.txt', 'Grüße 🌳.txt'],
    ["it's; filename=x", "it's; filename=x"],
    ['.htaccess', '.htaccess'],
    ['x'.repeat(300), 'x'.repeat(255)],
  ])('%j becomes %j', async (filename, name) => {
    const form = uploadForm(roomId, 'x', filename);
    const { status, body } = await upload(server, 'ann', form);
    expect([status, body['attachment'].name]).toEqual([201, name]);
    const { headers } = await ask(server, `/attachments/${body['attachment'].id}`, { as: 'ann' });
    const { type, parameters } = parseDisposition(String(headers['content-disposition']));
    expect([type, parameters['filename']]).toEqual(['attachment', name]);
  });

  it('stays one header', async () => {
    const form = uploadForm(roomId, 'x', 'a\\"; x=\\"\r\nX-Evil: 1');
    const { status, body } = await upload(server, 'ann', form);
    if (status === 400) return;
    const { headers } = await ask(server, `/attachments/${body['attachment'].id}`, { as: 'ann' });
    expect(headers['x-evil']).toBeUndefined();
    expect(String(headers['content-disposition'])).toMatch(/^attachment;/);
  });

  it('is nowhere in the file system (T43)', async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    expect(await files()).toContain(id);
    for (const file of await files()) expect(file).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the type of an attachment (T43)', () => {
  const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

  it.each<[string, string | Buffer, string]>([
    ['a picture', GIF, 'image/gif'],
    ['a picture by name', 'not really', 'application/octet-stream'],
    ['a page', '<!doctype html><script>alert(1)</script>', 'application/octet-stream'],
    ['a drawing with a script', SVG, 'application/octet-stream'],
    ['a drawing that says it is XML', `<?xml version="1.0"?>${SVG}`, 'application/xml'],
    ['a picture that is a script too', Buffer.concat([GIF, Buffer.from('*/=1;alert(1)//')]), 'image/gif'],
    ['a document', '%PDF-1.7\n%âãÏÓ', 'application/pdf'],
    ['an archive cut short', Buffer.from('504b0304140008000800', 'hex'), 'application/zip'],
    ['nothing', '', 'application/octet-stream'],
  ])('of %s is found in its content, and never shown as a page', async (_, content, mimeType) => {
    const form = uploadForm(roomId, content, 'picture.svg.html.png');
    const { body } = await upload(server, 'ann', form);
    expect(body['attachment'].mimeType).toBe(mimeType);
    const answer = await ask(server, `/attachments/${body['attachment'].id}`, { as: 'ann' });
    expect(answer.headers).toMatchObject({
      'content-type': mimeType,
      'x-content-type-options': 'nosniff',
      'content-disposition': expect.stringMatching(/^attachment/),
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    });
    expect(answer.content.equals(Buffer.from(content))).toBe(true);
  });
});

describe('the size of an attachment', () => {
  async function* inPieces(body: Buffer) {
    for (let start = 0; start < body.length; start += 10_000) {
      yield await Promise.resolve(body.subarray(start, start + 10_000));
    }
  }

  it('may be the largest, to the byte (T46)', async () => {
    const { status, body } = await upload(server, 'ann', uploadForm(roomId, Buffer.alloc(MAX_BYTES)));
    expect([status, body['attachment'].bytes]).toEqual([201, MAX_BYTES]);
  });

  it.each<[string, (body: Buffer) => Buffer | AsyncIterable<Uint8Array>]>([
    ['announced', (body) => body],
    ['in chunks', inPieces],
  ])('may not be larger, %s', async (_, sent) => {
    const before = await files();
    const answer = await upload(server, 'ann', sent(uploadForm(roomId, Buffer.alloc(MAX_BYTES + 1))));
    expect(refusalOf(answer)).toEqual([413, 'TOO_LARGE']);
    expect(await files()).toEqual(before);
  });

  it('is refused before a byte of it when it is announced as huge (T46)', async () => {
    const { accessToken } = await server.user('ann');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}\r\nContent-Type: ${FORM_TYPE}\r\nContent-Length: 1099511627776\r\n\r\n`,
    );
    const answer = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });
});

describe('an upload that would inflate (T46)', () => {
  /** Raw deflate of zeros: a thousand times smaller than what it inflates to. */
  async function bomb(): Promise<Buffer> {
    const zeros = Buffer.alloc(1024 * 1024);
    const deflate = createDeflateRaw({ level: 9 });
    const packed: Buffer[] = [];
    deflate.on('data', (chunk: Buffer) => packed.push(chunk));
    for (let mib = 0; mib < 150; mib += 1) deflate.write(zeros);
    deflate.end();
    await once(deflate, 'end');
    return Buffer.concat(packed);
  }

  /** The beginning of a ZIP entry that a reader of types would like to look into. */
  const ZIP_ENTRY = Buffer.concat([
    Buffer.from('504b030414000000080000000000000000000000000000000000130000', 'hex'),
    Buffer.from('00[Content_Types].xml'),
  ]);
  /** A picture of 65,535 by 65,535 dots, as its header says. */
  const PNG_HEAD = Buffer.from('89504e470d0a1a0a0000000d494844520000ffff0000ffff0806000000', 'hex');

  it.each([
    ['an archive', ZIP_ENTRY],
    ['a picture', PNG_HEAD],
    ['a compressed file', Buffer.from('1f8b0800000000000003', 'hex')],
  ])('is kept as it is, and costs no more than its bytes: %s', async (_, head) => {
    const content = Buffer.concat([head, await bomb()]);
    const before = process.memoryUsage().rss;
    const { status, body } = await upload(server, 'ann', uploadForm(roomId, content));
    const answer = await ask(server, `/attachments/${body['attachment'].id}`, { as: 'ann' });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    expect([status, answer.content.equals(content)]).toEqual([201, true]);
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  it('is no body of another call either', async () => {
    const body = gzipSync(Buffer.from('{"username":"ann","password":"x"}'.padEnd(100_000)));
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const { status } = await ask(server, '/auth/login', { method: 'POST', headers, body });
    expect(status).toBe(413);
  });
});

describe('an upload that breaks off', () => {
  it.each(['end', 'resetAndDestroy'] as const)('leaves nothing behind: %s', async (ending) => {
    const before = await files();
    const { accessToken } = await server.user('ann');
    const form = uploadForm(roomId, Buffer.alloc(150_000));
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    socket.write(
      `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}\r\nContent-Type: ${FORM_TYPE}\r\nContent-Length: ${form.length}\r\n\r\n`,
    );
    socket.write(form.subarray(0, 100_000));
    const during = await filesToBe(before.length + 1);
    expect(during.filter((name) => name.endsWith('.part'))).toHaveLength(1);
    socket[ending]();
    expect(await filesToBe(before.length)).toEqual(before);
  });

  it('may take its time, as long as bytes arrive', async () => {
    const http = server.app.getHttpServer() as { headersTimeout: number; requestTimeout: number };
    const { headersTimeout, requestTimeout } = http;
    Object.assign(http, { headersTimeout: 500, requestTimeout: 600 });
    const form = uploadForm(roomId, Buffer.alloc(3000));
    async function* slowly() {
      for (let start = 0; start < form.length; start += 400) {
        yield form.subarray(start, start + 400);
        await delay(300);
      }
    }
    const { accessToken } = await server.user('ann');
    const small = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    small.write(
      `POST /auth/logout HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    );
    const refused = new Promise((resolve) => small.once('data', (data) => resolve(String(data))));
    expect((await upload(server, 'ann', slowly())).status).toBe(201);
    expect(await refused).toMatch(/^HTTP\/1\.1 408 /);
    Object.assign(http, { headersTimeout, requestTimeout });
  });
});
