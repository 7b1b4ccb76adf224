import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type HttpAnswer,
  type Json,
  type RequestFailed,
  startProcess,
  startServer,
  TestHttp,
  type TestProcess,
} from 'parley/testing';
import { Database } from '../../src/storage/index.js';
import { freePort } from '../support/free-port.js';

const RUN_TIMEOUT_MS = 60_000;
const ADMIN_TOKEN = 'zyxwvutsrqponmlkjihgfedcba-9876543210';

/** Everything that must stay out of the log. Each text is like no other, so that a hit is one. */
class Secrets {
  readonly known = new Set<string>([ADMIN_TOKEN]);
  private last = 0;

  /** A text of a client's that nobody else would write. */
  text(what: string): string {
    this.last += 1;
    const text = `${what} ${Math.random().toString(36).slice(2)} no. ${this.last}`;
    this.known.add(text);
    return text;
  }

  keep(value: unknown): string {
    const text = String(value);
    if (text.length < 8) throw new Error(`"${text}" is no secret`);
    this.known.add(text);
    // Of a signed token the signature alone would do harm too.
    const [, , signature] = text.split('.');
    if (signature !== undefined && signature.length > 20) this.known.add(signature);
    return text;
  }

  keepGrant({ body }: HttpAnswer): { accessToken: string; refreshToken: string } {
    return { accessToken: this.keep(body['accessToken']), refreshToken: this.keep(body['refreshToken']) };
  }

  foundIn(output: string): string[] {
    return [...this.known].filter(
      (secret) => output.includes(secret) || output.includes(encodeURIComponent(secret)),
    );
  }
}

describe('a whole run at level debug', () => {
  const secrets = new Secrets();
  let cwd: string;
  let service: TestProcess;
  let admin: TestHttp;
  let ann: { id: string; accessToken: string; refreshToken: string; password: string };

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-'));
    const port = await freePort();
    const env = { LOG_LEVEL: 'debug', ADMIN_PORT: String(port), ADMIN_TOKEN, RATE_LOGINS_PER_MIN: '0' };
    service = await startProcess({ cwd, env });
    admin = new TestHttp(`http://127.0.0.1:${port}`);
    await accounts();
    const roomId = await messages();
    await attachments(roomId);
    await mistakes(roomId);
    await operations();
    await service.kill();
  }, RUN_TIMEOUT_MS);
  afterAll(() => rm(cwd, { recursive: true, force: true }));

  async function accounts(): Promise<void> {
    const password = secrets.text('password');
    const registered = await service.http.post('/auth/register', { username: 'secretive', password });
    const first = secrets.keepGrant(registered);
    const again = { username: 'secretive', password: secrets.text('wrong password') };
    await service.http.post('/auth/login', again);
    await service.http.post('/auth/login', {
      username: 'secretive',
      password: [secrets.text('odd password')],
    });
    const { refreshToken } = secrets.keepGrant(await service.http.post('/auth/refresh', first));
    const login = secrets.keepGrant(
      await service.http.post('/auth/login', { username: 'secretive', password }),
    );
    await service.http.post('/auth/refresh', { refreshToken });
    const newPassword = secrets.text('new password');
    await service.http.post('/auth/password', { password, newPassword }, { token: login.accessToken });
    ann = { id: String((registered.body['user'] as Json)['id']), ...login, password: newPassword };
  }

  async function messages(): Promise<string> {
    secrets.keep((await service.user('bob')).accessToken);
    const { accessToken: token } = await service.user('bob');
    const ticket = secrets.keep((await service.http.post('/auth/ticket', {}, { token })).body['ticket']);
    await service.open({ path: `/ws?ticket=${ticket}` });
    await service.open({ path: `/ws?ticket=${ticket}` }).catch(() => undefined);
    await service.connect('bob', { subprotocol: 'superchat' });
    const bob = await service.connect('bob', { via: 'subprotocol' });
    const { room } = await bob.request('room.create', { kind: 'group', name: 'garden', memberIds: [ann.id] });
    const roomId = String((room as Json)['id']);
    const send = async (text: string): Promise<Json> =>
      await bob.request('message.send', { roomId, text, clientId: `secret-${Math.random()}` });
    const { message } = await send(secrets.text('message'));
    const { seq } = message as Json;
    await bob.request('message.edit', { roomId, seq, text: secrets.text('edited message') });
    await bob.request('message.search', { query: secrets.text('query').split(' ')[1] ?? '' });
    await bob.request('presence.set', { status: 'dnd', text: secrets.text('presence') });
    await bob.request('auth.refresh', { accessToken: (await service.user('bob')).accessToken });
    await bob.request('message.delete', { roomId, seq });
    return roomId;
  }

  async function attachments(roomId: string): Promise<void> {
    const token = (await service.user('bob')).accessToken;
    const form = new FormData();
    form.set('roomId', roomId);
    form.set('file', new Blob([secrets.text('file')], { type: 'text/plain' }), 'note.txt');
    const headers = { authorization: `Bearer ${token}` };
    const upload = await fetch(`${service.url}/attachments`, { method: 'POST', body: form, headers });
    const { attachment } = (await upload.json()) as { attachment: { id: string } };
    const { body } = await service.http.post(`/attachments/${attachment.id}/url`, {}, { token });
    const address = new URL(String(body['url']), service.url);
    secrets.keep(address.searchParams.get('signature'));
    secrets.keep(address.search);
    expect((await fetch(address)).status).toBe(200);
    expect((await fetch(`${address.href}x`)).status).toBeGreaterThanOrEqual(400);
  }

  /** Clients put secrets where they do not belong. */
  async function mistakes(roomId: string): Promise<void> {
    const { http } = service;
    await http.get(`/auth/me?token=${ann.accessToken}`);
    await http.post(`/auth/login?password=${encodeURIComponent(secrets.text('query password'))}`);
    await http.post('/auth/login', `{"username":"x","password":"${secrets.text('broken body')}`);
    await http.post('/auth/refresh', { refreshToken: secrets.keep(`${ann.refreshToken}-altered`) });
    await http.get('/auth/me', { token: secrets.keep(`${ann.accessToken.slice(0, -8)}altered.`) });
    await service.open({ path: `/ws?access_token=${ann.accessToken}` }).catch(() => undefined);
    await service
      .open({ path: `/ws?ticket=${secrets.keep('a-ticket-that-was-never-given')}` })
      .catch(() => undefined);
    const bob = await service.connect('bob');
    await bob.request('message.send', { roomId, text: [secrets.text('listed text')] }).catch(() => undefined);
    await bob.request(secrets.text('event')).catch(() => undefined);
    bob.send(`{"event":"message.send","data":{"text":"${secrets.text('broken frame')}"`);
    await bob.next('exception');
    bob.send({ event: 'auth.whoami', id: 1, traceparent: secrets.text('traceparent') });
    await bob.next('auth.whoami');
  }

  async function operations(): Promise<void> {
    const wrong = secrets.keep('a-wrong-admin-token-of-some-length');
    await admin.post(`/users/${ann.id}/suspend`, '', { token: wrong });
    await admin.post(`/users/${ann.id}/suspend?token=${ADMIN_TOKEN}`, '', { token: ADMIN_TOKEN });
    const login = await service.http.post('/auth/login', { username: 'secretive', password: ann.password });
    expect(login.status).toBe(403);
    await fetch(`${admin['url']}/metrics`);
  }

  it('tells of connections and suspensions, so that there is something to look through', () => {
    expect(service.output).toContain('"context":"Connection","connectionId":"');
    expect(service.output).toContain('"msg":"user suspended"');
    expect(service.output.split(ann.id).length).toBeGreaterThan(1);
    expect(secrets.known.size).toBeGreaterThan(25);
  });

  it('has no token, ticket, password, signed address or text of a message in its output (T02)', () => {
    expect(secrets.foundIn(service.output)).toEqual([]);
  });

  it('would have found one', () => {
    const [first = ''] = secrets.known;
    expect(secrets.foundIn(`${service.output} ${first}`)).toEqual([first]);
  });
});

describe('a fault of ours', () => {
  it('is in the log with its cause, and without what the client sent (T02, T24)', async () => {
    const secrets = new Secrets();
    const server = await startServer({ env: { LOG_LEVEL: 'debug' } });
    const ann = await server.connect('ann');
    const { room } = await ann.request('room.create', { kind: 'group', name: 'garden' });
    await server.get(Database).stop();
    const message = {
      roomId: (room as Json)['id'] as string,
      text: secrets.text('message'),
      clientId: 'unstored-1',
    };
    const failure = (await ann
      .request('message.send', message)
      .catch((error: unknown) => error)) as RequestFailed;
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', ref: expect.any(String) });
    const login = { username: 'ann', password: secrets.text('password') };
    await expect(server.http.post('/auth/login', login)).resolves.toMatchObject({ status: 503 });
    const output = server.logs.join('');
    expect(output).toContain(failure.ref);
    expect(output).toContain('the database is closed');
    expect(secrets.foundIn(output)).toEqual([]);
    await server.close();
  });
});
