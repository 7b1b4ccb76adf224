import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Json, TestClient } from 'parley/testing';
import { isCluster } from '../support/one-node.js';
import { codeOf, createRoom, expectShape, fresh, ISO_TIME, say, serve, type Service } from './contract.js';

const FACTS = ['clientId', 'replyTo', 'roomId', 'senderId', 'state', 'streamId', 'threadSeq'];

let service: Service;
let ann: TestClient;
let bob: TestClient;
let roomId: string;

beforeAll(async () => {
  service = await serve();
  [ann, bob] = [await service.process.connect('ann'), await service.process.connect('bob')];
  const memberIds = [(await service.process.user('bob')).id];
  roomId = String((await createRoom(ann, { kind: 'group', memberIds }))['id']);
  await Promise.all([ann.next('room.added'), bob.next('room.added')]);
}, 60_000);

afterAll(async () => service.stop());

const keysOf = (value: unknown): string[] => Object.keys(value as object).toSorted();

async function push(streamId: string, state: string): Promise<Json> {
  return await bob.next('message.stream', (data) => data['streamId'] === streamId && data['state'] === state);
}

it('says a message little by little, as the contract has it', async () => {
  expect(ann.ready['features']).toContain('message.stream');
  const clientId = fresh();
  const { streamId, stream, duplicate } = await ann.request('message.stream.start', { roomId, clientId });
  expect(duplicate).toBe(false);
  const summary = ['clientId', 'createdAt', 'id', 'length', 'replyTo', 'roomId', 'senderId', 'threadSeq'];
  expect(keysOf(stream)).toEqual([...summary, 'meta', 'text'].toSorted());
  expect((stream as Json)['createdAt']).toMatch(ISO_TIME);

  const opened = await push(streamId, 'open');
  expect(keysOf(opened)).toEqual([...FACTS, 'offset', 'text'].toSorted());
  const named = { roomId, streamId };
  const delta = { ...named, offset: 0, text: 'Good ☀️ ' };
  for (const _ of [1, 2]) expect(await ann.request('message.stream.append', delta)).toEqual({ length: 8 });
  expect(await push(streamId, 'open')).toMatchObject({ offset: 0, text: 'Good ☀️ ' });

  const hole = await ann
    .request('message.stream.append', { ...named, offset: 9, text: 'x' })
    .catch(({ data }: { data: Json }) => data);
  expect(hole).toMatchObject({ status: 'error', code: 'CONFLICT', length: 8 });
  const { streams } = await bob.request('message.streams', { roomId });
  expect((streams as Json[]).map(keysOf)).toEqual([summary]);
  const get = async () => (await bob.request('message.stream.get', named))['stream'] as Json;
  let seen = await get();
  // Another node has it half a second later.
  while (isCluster && seen['length'] === 0) seen = await get();
  expect(seen).toMatchObject({ id: streamId, text: 'Good ☀️ ', length: 8 });
  expect(await codeOf(ann, 'message.send', { roomId, clientId, text: 'Good' })).toBe('CONFLICT');

  const meanwhile = await say(bob, roomId, 'Hello?');
  const tail = { ...named, offset: 8, text: 'morning' };
  const { message } = await ann.request('message.stream.end', tail);
  expectShape(message, 'message');
  const seq = Number(meanwhile['seq']) + 1;
  expect(message).toMatchObject({ id: streamId, seq, clientId, text: 'Good ☀️ morning' });
  const ended = await push(streamId, 'ended');
  expect(keysOf(ended)).toEqual([...FACTS, 'seq'].toSorted());
  expect(ended['seq']).toBe(seq);
  expect(await ann.request('message.stream.end', tail)).toEqual({ message, duplicate: true });
  expect(await ann.request('message.stream.start', { roomId, clientId })).toEqual({
    message,
    duplicate: true,
  });
  expect(await codeOf(ann, 'message.stream.append', tail)).toBe('CONFLICT');
});

it('takes back what was said, as the contract has it', async () => {
  const { streamId } = await ann.request('message.stream.start', { roomId, clientId: fresh() });
  await ann.request('message.stream.append', { roomId, streamId, offset: 0, text: 'never mind' });
  expect(await ann.request('message.stream.abort', { roomId, streamId })).toEqual({});
  expect(keysOf(await push(streamId, 'aborted'))).toEqual(FACTS);
  expect(await codeOf(bob, 'message.stream.get', { roomId, streamId })).toBe('NOT_FOUND');
});
