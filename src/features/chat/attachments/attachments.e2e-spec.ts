import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { SuspensionsService } from '../../auth/index.js';
import { ask, upload, uploaded, uploadForm } from './testing.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let bobId: string;
let roomId: string;
let lastId = 0;

beforeAll(async () => {
  server = await startServer();
  [ann, bob] = await Promise.all([server.connect('ann'), server.connect('bob')]);
  await server.user('eve');
  bobId = (await server.user('bob')).id;
});

afterAll(async () => server.close());

const clientId = (): string => `client-${++lastId}`;

async function group(): Promise<string> {
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  return room.id as string;
}

/** A group of ann and bob, whose head is 2. */
beforeEach(async () => {
  roomId = await group();
});

async function send(values: object, client: TestClient = ann): Promise<Json> {
  return await client.request('message.send', { roomId, text: 'look', clientId: clientId(), ...values });
}

async function failure(request: Promise<unknown>): Promise<unknown> {
  return await request.then(
    () => 'no failure',
    ({ code, details }: { code: string; details: { path: string }[] }) => [
      code,
      ...details.map(({ path }) => path),
    ],
  );
}

/** An attachment of ann's that a message of hers has named. */
async function named(content: Buffer | string = '0123456789'): Promise<Json> {
  const attachment = await uploaded(server, 'ann', roomId, content);
  await send({ attachmentIds: [attachment['id']] });
  return attachment;
}

describe('a download', () => {
  it('gives back the bytes, as a file to be saved (T43)', async () => {
    const { id } = await named();
    const answer = await ask(server, `/attachments/${id}`, { as: 'bob' });
    expect([answer.status, String(answer.content)]).toEqual([200, '0123456789']);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '10',
      'content-disposition': 'attachment; filename=notes.txt',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
    });
  });

  it('gives the headers alone to HEAD', async () => {
    const { id } = await named();
    const answer = await ask(server, `/attachments/${id}`, { as: 'bob', method: 'HEAD' });
    expect([answer.status, answer.headers['content-length'], answer.content.length]).toEqual([200, '10', 0]);
  });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=0-99', '0123456789', 'bytes 0-9/10'],
  ])('gives the range %s', async (range, text, contentRange) => {
    const { id } = await named();
    const answer = await ask(server, `/attachments/${id}`, { as: 'bob', headers: { range } });
    expect([answer.status, String(answer.content)]).toEqual([206, text]);
    expect(answer.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(text.length),
      'x-content-type-options': 'nosniff',
    });
  });

  it('says how long the file is when a range is outside', async () => {
    const { id } = await named();
    const answer = await ask(server, `/attachments/${id}`, { as: 'bob', headers: { range: 'bytes=10-' } });
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */10']);
  });

  it('gives a range of the same file only, if so asked', async () => {
    const { id } = await named();
    const ranged = async (tag: string) => {
      const headers = { range: 'bytes=0-0', 'if-range': tag };
      return (await ask(server, `/attachments/${id}`, { as: 'bob', headers })).status;
    };
    expect([await ranged(`"${id}"`), await ranged('"another"')]).toEqual([206, 200]);
  });

  it('gives an empty file', async () => {
    const { id } = await named('');
    const answer = await ask(server, `/attachments/${id}`, { as: 'bob' });
    expect([answer.status, answer.content.length]).toEqual([200, 0]);
  });

  it.each([
    '/attachments/..%2f..%2fparley.db',
    '/attachments/%2e%2e%2fparley.db',
    '/attachments/%00',
    '/attachments/../parley.db',
    '/attachments/x',
    `/attachments/${'a'.repeat(5000)}`,
    '/attachments/%E0%A4%A',
  ])('of %s is none (T43)', async (path) => {
    expect([404, 400]).toContain((await ask(server, path, { as: 'ann' })).status);
  });
});

describe('the rights to an attachment', () => {
  const statuses = async (id: string) =>
    Object.fromEntries(
      await Promise.all(
        ['ann', 'bob', 'eve', undefined].map(async (as) => {
          const options = as === undefined ? {} : { as };
          const [get, head, sign] = await Promise.all([
            ask(server, `/attachments/${id}`, options),
            ask(server, `/attachments/${id}`, { ...options, method: 'HEAD' }),
            ask(server, `/attachments/${id}/url`, { ...options, method: 'POST' }),
          ]);
          return [as ?? 'nobody', [get.status, head.status, sign.status]];
        }),
      ),
    );
  const ALL = [200, 200, 201];
  const NONE = [404, 404, 404];
  const UNKNOWN = [401, 401, 401];

  it("are the uploader's alone until a message names it, and then its room's", async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    expect(await statuses(id)).toEqual({ ann: ALL, bob: NONE, eve: NONE, nobody: UNKNOWN });
    await send({ attachmentIds: [id] });
    expect(await statuses(id)).toEqual({ ann: ALL, bob: ALL, eve: NONE, nobody: UNKNOWN });
  });

  it('end with the membership, also of the uploader', async () => {
    const [drafted, sent] = [await uploaded(server, 'bob', roomId), await uploaded(server, 'bob', roomId)];
    await send({ attachmentIds: [sent['id']] }, bob);
    await bob.request('room.leave', { roomId });
    expect(await statuses(drafted['id'])).toMatchObject({ ann: NONE, bob: NONE });
    expect(await statuses(sent['id'])).toMatchObject({ ann: ALL, bob: NONE });
  });

  it('tell nothing of what there is (T34)', async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    const unknown = await ask(server, `/attachments/${roomId}`, { as: 'bob' });
    const foreign = await ask(server, `/attachments/${id}`, { as: 'bob' });
    expect(foreign.body).toEqual(unknown.body);
    expect(foreign.body).toMatchObject({ code: 'NOT_FOUND', detail: 'attachment not found' });
  });

  it('to upload are those of members', async () => {
    const { room: channel } = await ann.request('room.create', { kind: 'channel' });
    const refusals = await Promise.all(
      [roomId, channel.id as string, 'nowhere'].map(async (id) => {
        const { status, body } = await upload(server, 'eve', uploadForm(id, 'x'));
        return [status, body['code']];
      }),
    );
    expect(refusals).toEqual([
      [404, 'NOT_FOUND'],
      [403, 'FORBIDDEN'],
      [404, 'NOT_FOUND'],
    ]);
    const anonymous = await ask(server, '/attachments', { method: 'POST', body: uploadForm(roomId, 'x') });
    expect(anonymous.status).toBe(401);
  });
});

describe('a signed address', () => {
  async function signed(id: string, as = 'bob'): Promise<string> {
    const { status, body } = await ask(server, `/attachments/${id}/url`, { as, method: 'POST' });
    expect([status, body['expiresIn']]).toEqual([201, 300]);
    return String(body['url']);
  }

  it('needs no credential', async () => {
    const { id } = await named();
    const answer = await ask(server, await signed(id), { headers: { range: 'bytes=0-2' } });
    expect([answer.status, String(answer.content)]).toEqual([206, '012']);
    expect(answer.headers).toMatchObject({
      'content-disposition': 'attachment; filename=notes.txt',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=300',
    });
  });

  it('is for what it was signed for, for whom and for how long (T34)', async () => {
    const [one, other] = [await named(), await named()];
    const url = await signed(one['id']);
    const { id: annId } = await server.user('ann');
    const query = new URL(url, server.url).searchParams;
    const forged = [
      url.replace(one['id'], other['id']),
      url.replace(bobId, annId),
      url.replace(/expires=\d/, 'expires=9'),
      url.replace(/signature=./, `signature=${query.get('signature')?.startsWith('A') ? 'B' : 'A'}`),
      url.replace(/signature=.*/, 'signature='),
      `${url.split('?')[0]}?signature=x&expires=x&user[]=x`,
    ];
    for (const address of forged) {
      const { status, body } = await ask(server, address);
      expect([address, status, body['code']]).toEqual([address, 403, 'FORBIDDEN']);
    }
    expect((await ask(server, `${url.split('?')[0]}?user=${bobId}`)).status).toBe(401);
  });

  it('ends with the suspension of whom it was signed for, and lasts on after it', async () => {
    const { id } = await named();
    const { id: carolId } = await server.user('carol');
    await ann.request('room.add', { roomId, userIds: [carolId] });
    const url = await signed(id, 'carol');
    const statuses: number[] = [];
    for (const change of ['suspend', 'unsuspend'] as const) {
      await server.get(SuspensionsService)[change](carolId);
      statuses.push((await ask(server, url)).status);
    }
    expect(statuses).toEqual([403, 200]);
  });

  it('ends with the membership of whom it was signed for', async () => {
    const { id } = await named();
    const [bobs, anns] = [await signed(id, 'bob'), await signed(id, 'ann')];
    await bob.request('room.leave', { roomId });
    expect([(await ask(server, bobs)).status, (await ask(server, anns)).status]).toEqual([404, 200]);
  });
});

describe('a message with attachments', () => {
  it('shows them everywhere', async () => {
    const first = await uploaded(server, 'ann', roomId, 'first');
    const second = await uploaded(
      server,
      'ann',
      roomId,
      Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    );
    const { message } = await send({ attachmentIds: [second['id'], first['id']] });
    expect(message.attachments).toEqual([second, first]);
    expect(first).toEqual({
      id: first['id'],
      name: 'notes.txt',
      mimeType: 'application/octet-stream',
      bytes: 5,
    });
    const event = await bob.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === 3);
    const [got, history, sync, view] = await Promise.all([
      bob.request('message.get', { roomId, seq: 3 }),
      bob.request('message.history', { roomId }),
      bob.request('room.sync', { rooms: { [roomId]: 2 }, rest: 'none' }),
      bob.request('room.get', { roomId }),
    ]);
    const shown = [
      event['message'],
      got['message'],
      history['messages'][0],
      sync['rooms'][0].events[0].message,
      view['room'].lastMessage,
    ];
    for (const one of shown) expect(one).toEqual(message);
  });

  it.each([[{ text: '' }], [{ text: undefined }]])('may have no text: %j', async (values) => {
    const { id } = await uploaded(server, 'ann', roomId);
    const { message } = await send({ attachmentIds: [id], ...values });
    expect(message).toMatchObject({ text: '', attachments: [{ id }] });
  });

  it.each([[{ text: '', attachmentIds: [] }], [{ text: undefined }], [{ text: '' }]])(
    'has text if it has none: %j',
    async (values) => {
      expect(await failure(send(values))).toEqual(['VALIDATION_FAILED', 'text']);
    },
  );

  it.each<[string, unknown]>([
    ['an id that names nothing', ['01900000-0000-7000-8000-000000000000']],
    ['what is no id', ['']],
    ['what is no text', [7]],
    ['what is no list', 'x'],
    ['too many', Array.from({ length: 21 }, (_, index) => `id-${index}`)],
    ['one twice', ['x', 'x']],
  ])('is refused with %s', async (_, attachmentIds) => {
    expect([await failure(send({ attachmentIds }))].flat().slice(0, 2)).toEqual([
      'VALIDATION_FAILED',
      'attachmentIds',
    ]);
  });

  it("is refused with another's upload, and another room's", async () => {
    const refusal = ['VALIDATION_FAILED', 'attachmentIds'];
    const { id: bobs } = await uploaded(server, 'bob', roomId);
    expect(await failure(send({ attachmentIds: [bobs] }))).toEqual(refusal);
    const { id: elsewhere } = await uploaded(server, 'ann', await group());
    expect(await failure(send({ attachmentIds: [elsewhere] }))).toEqual(refusal);
    const { id: own } = await uploaded(server, 'ann', roomId);
    expect(await failure(send({ attachmentIds: [own, bobs] }))).toEqual(refusal);
    await expect(send({ attachmentIds: [own] })).resolves.toMatchObject({ duplicate: false });
  });

  it('names each of them once, however many ask at once', async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, async () => failure(send({ attachmentIds: [id] }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'no failure')).toHaveLength(1);
    const others = outcomes.filter((outcome) => outcome !== 'no failure');
    for (const other of others) expect(other).toEqual(['VALIDATION_FAILED', 'attachmentIds']);
  });

  it('is the same message again with the same ones only', async () => {
    const ids = [await uploaded(server, 'ann', roomId), await uploaded(server, 'ann', roomId)].map(({ id }) =>
      String(id),
    );
    const sending = { clientId: clientId(), attachmentIds: ids };
    const { message } = await send(sending);
    await expect(send(sending)).resolves.toEqual({ message, duplicate: true });
    await expect(send({ ...sending, attachmentIds: ids.toReversed() })).resolves.toEqual({
      message,
      duplicate: true,
    });
    expect(await failure(send({ ...sending, attachmentIds: ids.slice(1) }))).toEqual(['CONFLICT']);
    expect(await failure(send({ ...sending, attachmentIds: undefined }))).toEqual(['CONFLICT']);
  });

  it('leaves uploads unnamed when it is refused', async () => {
    const { id } = await uploaded(server, 'ann', roomId);
    expect(await failure(send({ attachmentIds: [id], replyTo: 99 }))).toEqual([
      'VALIDATION_FAILED',
      'replyTo',
    ]);
    expect((await ask(server, `/attachments/${id}`, { as: 'bob' })).status).toBe(404);
    await expect(send({ attachmentIds: [id] })).resolves.toMatchObject({ duplicate: false });
  });
});
