import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { type Json, RequestFailed, startProcess, type TestClient, type TestProcess } from 'parley/testing';

/** Limits that many users behind one address run into; every other key has its default. */
const UNLIMITED = {
  RATE_UPGRADES_PER_S: '0',
  RATE_LOGINS_PER_MIN: '0',
  RATE_SENDS_PER_S: '0',
  RATE_FRAMES_PER_S: '0',
  ADMIN_PORT: '0',
};

/** Property names of the contract's objects, sorted. */
export const SHAPES = {
  user: ['deletedAt', 'displayName', 'id', 'updatedAt', 'username'],
  session: ['accessToken', 'expiresIn', 'refreshToken', 'user'],
  ready: [
    'connectionId',
    'epoch',
    'features',
    'heartbeatMs',
    'maxFrameBytes',
    'protocol',
    'serverTime',
    'sessionId',
    'subprotocol',
    'tokenExpiresAt',
    'user',
  ],
  room: [
    'archivedAt',
    'createdAt',
    'floor',
    'head',
    'id',
    'kind',
    'lastMessage',
    'memberCount',
    'mentions',
    'muted',
    'name',
    'readSeq',
    'role',
    'topic',
    'unread',
  ],
  message: [
    'attachments',
    'clientId',
    'createdAt',
    'deletedAt',
    'editedAt',
    'id',
    'mentions',
    'meta',
    'reactions',
    'replyCount',
    'replyTo',
    'roomId',
    'senderId',
    'seq',
    'text',
    'threadSeq',
  ],
  messageEvent: ['actorId', 'at', 'message', 'roomId', 'seq', 'type'],
  memberEvent: ['actorId', 'at', 'role', 'roomId', 'seq', 'type', 'userId'],
  presence: ['lastSeenAt', 'status', 'text', 'userId'],
  problem: ['code', 'detail', 'status', 'title', 'type'],
} as const;

export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
export const NOBODY = '01890000-0000-7000-8000-000000000000';

export function expectShape(value: unknown, shape: keyof typeof SHAPES): void {
  expect(Object.keys(value as object).toSorted()).toEqual(SHAPES[shape]);
}

export interface Service {
  readonly process: TestProcess;
  readonly folder: string;
  stop(): Promise<void>;
}

const running = new Set<Service>();

// A test that fails half-way leaves no process behind.
afterAll(async () => {
  await Promise.all([...running].map((service) => service.stop()));
});

/** The service in a process of its own, and in a folder of its own unless one is given to go on in. */
export async function serve(env: Record<string, string> = {}, kept?: string): Promise<Service> {
  const folder = kept ?? (await newFolder());
  const process = await startProcess({ cwd: folder, env: { ...UNLIMITED, ...env } });
  const service = {
    process,
    folder,
    stop: async (): Promise<void> => {
      running.delete(service);
      await process.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
  running.add(service);
  return service;
}

/** A folder to start in, with the files given. */
export async function newFolder(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-conformance-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** The failure that a request is answered with. It holds what the contract names and nothing else. */
export async function failure(client: TestClient, event: string, data: object = {}): Promise<Json> {
  const answer = await client.request(event, data).catch((error: unknown) => error);
  if (!(answer instanceof RequestFailed)) throw new Error(`${event} succeeded: ${JSON.stringify(answer)}`);
  const { status, code, message, event: named, details, retryAfterMs, ref, ...rest } = answer.data;
  expect(rest).toEqual({});
  expect(status).toBe('error');
  expect(message).toEqual(expect.stringMatching(/./));
  if (named !== undefined) expect(named).toBe(event);
  expect(details !== undefined).toBe(code === 'VALIDATION_FAILED');
  expect(retryAfterMs !== undefined).toBe(code === 'RATE_LIMITED');
  expect(ref).toBeUndefined();
  return answer.data;
}

/** The code of the failure that a request is answered with. */
export async function codeOf(client: TestClient, event: string, data: object = {}): Promise<string> {
  return String((await failure(client, event, data))['code']);
}

/** The paths that a validation failure names, each once: a value may have several faults. */
export async function pathsOf(client: TestClient, event: string, data: object = {}): Promise<string[]> {
  const { code, details } = await failure(client, event, data);
  expect(code).toBe('VALIDATION_FAILED');
  const named = details as Json[];
  for (const one of named) expect(Object.keys(one).toSorted()).toEqual(['message', 'path']);
  return [...new Set(named.map((one) => String(one['path'])))];
}

/** A problem document as RFC 9457 and the contract have it. */
export function expectProblem(
  answer: { status: number; headers: Headers; body: Json },
  status: number,
  code: string,
): void {
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: { status, code } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const { errors, ...rest } = answer.body;
  expectShape(rest, 'problem');
  expect(errors !== undefined).toBe(code === 'VALIDATION_FAILED');
}

let sent = 0;

/** A `clientId` that was not used before. */
export function fresh(): string {
  return `client-${++sent}`.padEnd(12, '-');
}

export async function say(
  client: TestClient,
  roomId: string,
  text: string,
  more: object = {},
): Promise<Json> {
  const { message } = await client.request('message.send', { roomId, text, clientId: fresh(), ...more });
  return message as Json;
}

export async function createRoom(client: TestClient, data: object): Promise<Json> {
  const { room } = await client.request('room.create', data);
  return room as Json;
}
