import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SuspensionsService } from '../../src/features/auth/accounts/suspensions.service.js';
import { follow, RoomTalk } from '../../src/features/chat/streaming/testing.js';
import { type Json, startServer, type TestServer } from '../../src/testing/index.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => server.close());

it('aborts the streams of one who is suspended, and no others', async () => {
  const [ann, bob, ivy] = await Promise.all(['ann', 'bob', 'ivy'].map(async (name) => server.connect(name)));
  if (!ann || !bob || !ivy) throw new Error('not everyone is connected');
  const [bobId, ivyId] = [(await server.user('bob')).id, (await server.user('ivy')).id];
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId, ivyId] });
  const talk = new RoomTalk(String((room as Json)['id']));
  await ann.next('room.added');
  const [others, own] = [await talk.said(bob, 'kept'), await talk.said(ivy, 'spam')];
  await server.get(SuspensionsService).suspend(ivyId);
  expect((await ivy.closed).code).toBe(4403);
  expect((await follow(ann, own)).last).toMatchObject({ state: 'aborted', senderId: ivyId });
  expect(await talk.newest(ann)).toBeUndefined();
  expect((await talk.list(ann)).map(({ id }) => id)).toEqual([others]);
});
