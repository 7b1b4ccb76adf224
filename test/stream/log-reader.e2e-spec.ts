import { afterAll } from '@jest/globals';
import { LogReader } from '../../src/features/chat/log/index.js';
import { type Json, startServer, type TestServer } from '../../src/testing/index.js';
import { Chance } from './chance.js';
import { FaultyBus } from './faulty-bus.js';
import { logReaderContract } from './log-reader.contract.js';
import { MemoryLog } from './memory-log.js';
import { SteppedClock } from './stepped-clock.js';

let server: TestServer | undefined;
let rooms = 0;

afterAll(async () => {
  await server?.close();
});

logReaderContract('MemoryLog', async () => {
  const clock = new SteppedClock();
  const chance = new Chance(1);
  const bus = new FaultyBus(clock, chance, { lostPercent: 0, repeatedPercent: 0, delayMs: 0 });
  const reader = new MemoryLog(clock, chance, bus, 0);
  const newRoom = async (): Promise<string> => {
    const roomId = `room-${(rooms += 1)}`;
    reader.join(roomId, 'ann');
    reader.message(roomId, 'the first');
    return await Promise.resolve(roomId);
  };
  return await Promise.resolve({
    reader,
    bobId: 'bob',
    newRoom,
    join: async (roomId, userId) => Promise.resolve(reader.join(roomId, userId)),
    leave: async (roomId, userId) => Promise.resolve(reader.leave(roomId, userId)),
    message: async (roomId, text) => Promise.resolve(reader.message(roomId, text)),
  });
});

logReaderContract('SqlLogReader', async () => {
  server = await startServer();
  const ann = await server.connect('contract-ann');
  const bob = await server.connect('contract-bob');
  let sent = 0;
  const message = async (roomId: string, text: string): Promise<void> => {
    await ann.request('message.send', { roomId, text, clientId: `contract-${(sent += 1)}` });
  };
  const newRoom = async (): Promise<string> => {
    const { room } = await ann.request('room.create', { kind: 'group', name: 'contract' });
    const roomId = String((room as Json)['id']);
    await message(roomId, 'the first');
    return roomId;
  };
  return {
    reader: server.get(LogReader),
    bobId: String((bob.ready['user'] as Json)['id']),
    newRoom,
    join: async (roomId, userId) => void (await ann.request('room.add', { roomId, userIds: [userId] })),
    leave: async (roomId) => void (await bob.request('room.leave', { roomId })),
    message,
  };
});
