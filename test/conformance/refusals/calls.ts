import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { rename, rm, writeFile } from 'node:fs/promises';
import { AUTH_SETTINGS } from '../../../src/features/auth/index.js';
import { PasswordHasher } from '../../../src/features/auth/accounts/password-hasher.js';
import { SuspensionsService } from '../../../src/features/auth/accounts/suspensions.service.js';
import {
  ask,
  FORM_TYPE,
  upload,
  uploaded,
  uploadForm,
} from '../../../src/features/chat/attachments/testing.js';
import { Draining } from '../../../src/realtime/index.js';
import type { HttpAnswer } from 'parley/testing';
import { createRoom, NOBODY } from '../contract.js';
import type { Refusal, Scene } from './scene.js';

type Answer = { readonly body: { readonly [key: string]: unknown } };

function refusal(
  request: string,
  code: string,
  [when, call]: readonly [string, (scene: Scene) => Promise<Answer>],
  env?: Refusal['env'],
): Refusal {
  const provoke = async (scene: Scene): Promise<unknown> => (await call(scene)).body['code'];
  return { request, code, when, provoke, ...(env && { env }) };
}

const PASSWORD = "ann's password";

const BODIES: Readonly<Record<string, object>> = {
  'POST /auth/register': { username: 'somebody', password: PASSWORD },
  'POST /auth/login': { username: 'ann', password: PASSWORD },
  'POST /auth/password': { password: PASSWORD, newPassword: PASSWORD },
};

interface Change {
  readonly body?: object;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The call of ann's as it should be, but for what is changed. */
async function call({ server }: Scene, name: string, change: Change = {}): Promise<HttpAnswer> {
  const [method, path = ''] = name.split(' ');
  const { accessToken, refreshToken } = await server.user('ann');
  const options = { token: accessToken, ...change };
  if (method === 'GET') return await server.http.get(path, options);
  const body = name === 'POST /auth/refresh' ? { refreshToken } : BODIES[name];
  return await server.http.post(path, change.body ?? body ?? {}, options);
}

async function suspended(scene: Scene, name: string): Promise<Answer> {
  return await whileSuspended(scene, () => call(scene, name));
}

/** Suspends ann for the time of a call. */
async function whileSuspended({ server, ids }: Scene, act: () => Promise<Answer>): Promise<Answer> {
  const suspensions = server.get(SuspensionsService);
  await server.user('ann');
  await suspensions.suspend(ids.ann);
  return await act().finally(() => suspensions.unsuspend(ids.ann));
}

/** As many as may wait for a hash do: each whose turn has come lines up again at once, until the answer is there. */
async function crowded(scene: Scene, name: string): Promise<Answer> {
  const hasher = scene.server.get(PasswordHasher);
  let isAnswered = false;
  const wait = async (): Promise<void> => {
    while (!isAnswered) await hasher.hash('x').catch(async () => setImmediate());
  };
  const crowd = Array.from({ length: 1010 }, wait);
  const answer = await call(scene, name).finally(() => (isAnswered = true));
  await Promise.all(crowd);
  return answer;
}

/** More than the buckets of three nodes hold, should they not have heard of each other yet. */
const MOST_TRIES = 40;

async function repeated(scene: Scene, name: string): Promise<Answer> {
  let answer: Answer = { body: {} };
  for (let tries = 0; tries < MOST_TRIES && answer.body['code'] !== 'RATE_LIMITED'; tries += 1)
    answer = await call(
      scene,
      name,
      name.endsWith('register') ? { body: { username: `u${tries}-x`, password: PASSWORD } } : {},
    );
  return answer;
}

const WITH_TOKEN = ['POST /auth/logout', 'POST /auth/password', 'POST /auth/ticket', 'GET /auth/me'];
const HASHING = ['POST /auth/register', 'POST /auth/login', 'POST /auth/password'];

const ofOneNode = (one: Refusal): Refusal => ({
  ...one,
  onOneNode: 'It takes a state that the node alone is in.',
});

const AUTH: readonly Refusal[] = [
  ...WITH_TOKEN.map((name) =>
    refusal(name, 'UNAUTHENTICATED', ['the token is none', (scene) => call(scene, name, { token: 'none' })]),
  ),
  ...[...WITH_TOKEN, 'POST /auth/login', 'POST /auth/refresh'].map((name) =>
    refusal(name, 'FORBIDDEN', ['the user is suspended', (scene) => suspended(scene, name)]),
  ),
  ...HASHING.map((name) =>
    ofOneNode(refusal(name, 'UNAVAILABLE', ['a thousand wait already', (scene) => crowded(scene, name)])),
  ),
  ...HASHING.map((name) =>
    refusal(name, 'RATE_LIMITED', ['there were too many', (scene) => repeated(scene, name)], {
      RATE_LOGINS_PER_MIN: '3',
    }),
  ),
  ofOneNode(
    refusal('POST /auth/register', 'FORBIDDEN', [
      'registration is closed',
      async ({ server }) => {
        const settings: { isRegistrationOpen: boolean } = server.get(AUTH_SETTINGS);
        settings.isRegistrationOpen = false;
        const answering = server.http.post('/auth/register', BODIES['POST /auth/register']);
        return await answering.finally(() => (settings.isRegistrationOpen = true));
      },
    ]),
  ),
  refusal('POST /auth/register', 'CONFLICT', [
    'the name is taken',
    (scene) => call(scene, 'POST /auth/register', { body: { username: 'ANN', password: PASSWORD } }),
  ]),
  refusal('POST /auth/login', 'UNAUTHENTICATED', [
    'the password is wrong',
    (scene) => call(scene, 'POST /auth/login', { body: { username: 'ann', password: 'another' } }),
  ]),
  refusal('POST /auth/login', 'UNAUTHENTICATED', [
    'there is no such user',
    (scene) => call(scene, 'POST /auth/login', { body: { username: 'nobody', password: PASSWORD } }),
  ]),
  refusal('POST /auth/refresh', 'UNAUTHENTICATED', [
    'the token is none',
    (scene) => call(scene, 'POST /auth/refresh', { body: { refreshToken: 'none' } }),
  ]),
  refusal('POST /auth/password', 'FORBIDDEN', [
    'the password is wrong',
    (scene) => call(scene, 'POST /auth/password', { body: { password: 'another', newPassword: PASSWORD } }),
  ]),
  refusal('POST /auth/ticket', 'ORIGIN_NOT_ALLOWED', [
    'the page is of another origin',
    (scene) => call(scene, 'POST /auth/ticket', { headers: { origin: 'https://evil.test' } }),
  ]),
  refusal(
    'POST /auth/ticket',
    'RATE_LIMITED',
    ['there were too many', (scene) => repeated(scene, 'POST /auth/ticket')],
    { RATE_UPGRADES_PER_S: '2' },
  ),
  ofOneNode(
    refusal(
      'POST /auth/ticket',
      'UNAVAILABLE',
      ['the service is full', (scene) => call(scene, 'POST /auth/ticket')],
      { MAX_CONNECTIONS: '3' },
    ),
  ),
  ofOneNode(
    refusal('POST /auth/ticket', 'UNAVAILABLE', [
      'the service drains',
      async (scene) => {
        const draining = scene.server.get(Draining);
        draining.isRefusing = true;
        return await call(scene, 'POST /auth/ticket').finally(() => (draining.isRefusing = false));
      },
    ]),
  ),
];

const CONTENT = Buffer.alloc(600, 'x');

/** Puts a file in the place of the folder of attachments, for the time of a call. */
async function fileless(scene: Scene, act: (id: string) => Promise<Answer>): Promise<Answer> {
  const { id } = await uploaded(scene.server, 'ann', scene.roomId);
  const folder = join(scene.server.config.DATA_DIR, 'attachments');
  await rename(folder, `${folder} elsewhere`);
  await writeFile(folder, 'no folder');
  const answer = await act(id as string);
  await rm(folder);
  await rename(`${folder} elsewhere`, folder);
  return answer;
}

async function asSuspended(scene: Scene, act: (id: string) => Promise<Answer>): Promise<Answer> {
  const { id } = await uploaded(scene.server, 'ann', scene.roomId);
  return await whileSuspended(scene, () => act(id as string));
}

const ATTACHMENT_CALLS: Readonly<Record<string, (scene: Scene, id: string, as?: string) => Promise<Answer>>> =
  {
    'POST /attachments': ({ server, roomId }, _, as) => {
      const request = {
        method: 'POST',
        headers: { 'content-type': FORM_TYPE },
        body: uploadForm(roomId, 'x'),
      };
      return ask(server, '/attachments', as === undefined ? request : { ...request, as });
    },
    'GET /attachments/:id': ({ server }, id, as) =>
      ask(server, `/attachments/${id}`, as === undefined ? {} : { as }),
    'POST /attachments/:id/url': ({ server }, id, as) =>
      ask(server, `/attachments/${id}/url`, { method: 'POST', ...(as !== undefined && { as }) }),
  };

const ATTACHMENTS: readonly Refusal[] = [
  ...Object.entries(ATTACHMENT_CALLS).flatMap(([name, act]) => [
    refusal(name, 'UNAUTHENTICATED', ['there is no token', (scene) => act(scene, NOBODY)]),
    refusal(name, 'FORBIDDEN', [
      'the user is suspended',
      (scene) => asSuspended(scene, (id) => act(scene, id, 'ann')),
    ]),
    refusal(name, 'NOT_FOUND', ['it is not there for the caller', (scene) => act(scene, NOBODY, 'eve')]),
  ]),
  refusal('POST /attachments', 'FORBIDDEN', [
    'the caller is no member of the channel',
    async ({ server, ann }) => {
      const { id } = await createRoom(ann, { kind: 'channel' });
      return await upload(server, 'eve', uploadForm(String(id), 'x'));
    },
  ]),
  refusal('POST /attachments', 'VALIDATION_FAILED', [
    'it is no form',
    ({ server }) => upload(server, 'ann', CONTENT),
  ]),
  refusal(
    'POST /attachments',
    'TOO_LARGE',
    [
      'it is larger than a file may be',
      ({ server, roomId }) => upload(server, 'ann', uploadForm(roomId, Buffer.alloc(2000, 'x'))),
    ],
    { MAX_ATTACHMENT_BYTES: '1000' },
  ),
  refusal(
    'POST /attachments',
    'RATE_LIMITED',
    [
      'the day’s uploads are used up',
      async ({ server, roomId }) => {
        await uploaded(server, 'ann', roomId, CONTENT);
        return await upload(server, 'ann', uploadForm(roomId, CONTENT));
      },
    ],
    { MAX_ATTACHMENT_BYTES: '1000', MAX_UPLOAD_BYTES_PER_DAY: '1000' },
  ),
  refusal('POST /attachments', 'UNAVAILABLE', [
    'the bytes cannot be stored',
    (scene) => fileless(scene, () => upload(scene.server, 'ann', uploadForm(scene.roomId, 'x'))),
  ]),
  refusal('GET /attachments/:id', 'UNAVAILABLE', [
    'the bytes cannot be read',
    (scene) => fileless(scene, (id) => ask(scene.server, `/attachments/${id}`, { as: 'ann' })),
  ]),
  refusal('GET /attachments/:id', 'FORBIDDEN', [
    'the address is not ours',
    ({ server }) => ask(server, `/attachments/${NOBODY}?user=${NOBODY}&expires=1&signature=x`),
  ]),
];

/** Refusals of calls over HTTP that depend on more than the form of a body. */
export const CALL_REFUSALS: readonly Refusal[] = [...AUTH, ...ATTACHMENTS];
