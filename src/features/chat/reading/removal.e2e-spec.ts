/* @one-node Holds up a read of the node that pushes. */

import { EventEmitter, once } from 'node:events';
import { expect, it } from '@jest/globals';
import { type Json, startServer } from '../../../testing/index.js';
import { LogReader } from '../log/index.js';

it('keeps room.self from one who is removed while the position is read', async () => {
  const server = await startServer();
  const [ann, bob] = [await server.connect('ann'), await server.connect('bob')];
  const phone = await server.connect('bob');
  const { id: bobId } = await server.user('bob');
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  const roomId = String((room as Json)['id']);
  await phone.next('room.added');
  const reader = server.get(LogReader);
  const steps = new EventEmitter();
  const [read, removed] = [once(steps, 'read'), once(steps, 'removed')];
  const { roomView } = reader;
  reader.roomView = async (...args) => {
    const view = await roomView.apply(reader, args);
    steps.emit('read');
    await removed;
    return view;
  };
  await bob.request('message.send', { roomId, text: 'hello', clientId: 'removal-1' });
  await read;
  await ann.request('room.remove', { roomId, userId: bobId });
  await phone.next('room.removed');
  steps.emit('removed');
  await expect(phone.expectSilence('room.self')).resolves.toBeUndefined();
  await server.close();
});
