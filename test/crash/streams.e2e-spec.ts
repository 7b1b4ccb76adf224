import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startProcess, type TestClient, type TestProcess } from '../../src/testing/index.js';

/** How long the sender has spoken when the process is killed, in milliseconds. */
const MOMENTS = [700, 1300, 2100];
/** What was said is written within a second; a busy machine may be late by another one. */
const LOST_MS = 2000;
const CLIENT_ID = 'the stream of this test';

let folder: string;
let service: TestProcess;
let roomId: string;

const env = {
  RATE_SENDS_PER_S: '0',
  RATE_FRAMES_PER_S: '0',
  RATE_UPGRADES_PER_S: '0',
  RATE_LOGINS_PER_MIN: '0',
};

async function start(): Promise<TestProcess> {
  return await startProcess({ cwd: folder, env });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-kill-'));
  service = await start();
  const ann = await service.connect('ann');
  const { room } = await ann.request('room.create', {
    kind: 'group',
    memberIds: [(await service.user('bob')).id],
  });
  roomId = (room as { id: string }).id;
}, 60_000);

afterAll(async () => {
  await service.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

/** The text that the sender has in mind. */
const SAID = Array.from({ length: 1200 }, (_, word) => `w${word} `).join('');

interface Heard {
  readonly atMs: number;
  readonly length: number;
}

/** Says on, a word at a time, until the process is dead; returns what was acknowledged, and when. */
async function sayUntilDead(ann: TestClient, streamId: string, from: number): Promise<Heard[]> {
  const heard: Heard[] = [];
  for (let offset = from; ;) {
    const text = SAID.slice(offset, offset + 3);
    const answer = await ann
      .request('message.stream.append', { roomId, streamId, offset, text })
      .catch(() => undefined);
    if (answer === undefined) return heard;
    offset = Number(answer['length']);
    heard.push({ atMs: performance.now(), length: offset });
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

async function streamOf(client: TestClient): Promise<Json> {
  const { stream } = await client.request('message.stream.start', { roomId, clientId: CLIENT_ID });
  return stream as Json;
}

describe('a service that is killed while a message is said little by little', () => {
  it.each(MOMENTS)(
    'has what was said up to a second before, %i ms in, and its sender says on from there',
    async (moment) => {
      const ann = await service.connect('ann');
      const before = await streamOf(ann);
      const saying = sayUntilDead(ann, String(before['id']), Number(before['length']));
      await new Promise((resolve) => {
        setTimeout(resolve, moment);
      });
      const killedAtMs = performance.now();
      await service.kill('SIGKILL');
      const heard = await saying;
      service = await start();

      const after = await streamOf(await service.connect('ann'));
      expect(after['id']).toBe(before['id']);
      expect(SAID.startsWith(String(after['text']))).toBe(true);
      const safe = heard.filter(({ atMs }) => atMs < killedAtMs - LOST_MS).at(-1)?.length ?? 0;
      expect(after['length']).toBeGreaterThanOrEqual(Math.max(safe, Number(before['length'])));
    },
    60_000,
  );

  it('refuses to end what it has lost a part of, and ends it once it was said again', async () => {
    const ann = await service.connect('ann');
    const { id: streamId, length } = await streamOf(ann);
    expect(length).toBeGreaterThan(0);
    const offset = Number(length) + 50;
    const refused = await ann
      .request('message.stream.end', { roomId, streamId, offset })
      .catch(({ data }: { data: Json }) => data);
    expect(refused).toMatchObject({ code: 'CONFLICT', length });
    const text = SAID.slice(Number(length), offset);
    await ann.request('message.stream.append', { roomId, streamId, offset: length, text });
    const { message } = await ann.request('message.stream.end', { roomId, streamId, offset });
    expect((message as Json)['text']).toBe(SAID.slice(0, offset));

    await service.kill('SIGKILL');
    service = await start();
    const again = await (
      await service.connect('ann')
    ).request('message.stream.end', { roomId, streamId, offset });
    expect(again).toEqual({ message, duplicate: true });
  }, 60_000);
});
