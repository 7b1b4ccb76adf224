/* @one-node Publishes between two steps of the node that a user is connected to. */

import { expect, it } from '@jest/globals';
import { TopicBus } from '../../../realtime/index.js';
import { type Json, startServer } from '../../../testing/index.js';
import { roomChannel } from '../log/index.js';
import { MembershipChanges } from './index.js';

it('pushes the last states also to one who is on the way into the room', async () => {
  const server = await startServer();
  const [ann, bob] = [await server.connect('ann'), await server.connect('bob')];
  const [bus, changes] = [server.get(TopicBus), server.get(MembershipChanges)];
  // Told right after the joining was pushed: bob's `room.added` is still being read.
  changes.observe((joined) => {
    for (const { roomId, seq } of joined) {
      for (const step of [1, 2]) {
        const state = { event: 'test.state', data: { roomId, step }, key: 'test', head: seq };
        bus.publish(roomChannel(roomId), { state });
      }
    }
  });
  const memberIds = [(bob.ready['user'] as Json)['id']];
  const { room } = await ann.request('room.create', { kind: 'group', memberIds });
  expect(await bob.next('test.state')).toEqual({ roomId: (room as Json)['id'], step: 2 });
  expect(bob.waiting().map(({ event }) => event)).toEqual(['room.added', 'room.event']);
  await bob.expectSilence('test.state');
  await server.close();
});
