import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LogReader } from '../../src/features/chat/log/index.js';

/** A log that can be written to, as far as delivery reads it. */
export interface LogUnderTest {
  readonly reader: LogReader;
  /** A user who is in no room yet. */
  readonly bobId: string;
  /** Gives the id of a room with two events and another user as its only member. */
  newRoom(): Promise<string>;
  join(roomId: string, userId: string): Promise<void>;
  leave(roomId: string, userId: string): Promise<void>;
  message(roomId: string, text: string): Promise<void>;
}

/** What delivery relies on, of every implementation of `LogReader`. */
export function logReaderContract(name: string, make: () => Promise<LogUnderTest>): void {
  describe(`${name} as LogReader`, () => {
    let log: LogUnderTest;
    let reader: LogReader;

    beforeAll(async () => {
      log = await make();
      reader = log.reader;
    });

    const headOf = async (roomId: string): Promise<number> => (await reader.heads([roomId])).get(roomId) ?? 0;

    it('reads events after one and up to another, ascending and without a gap', async () => {
      const roomId = await log.newRoom();
      const before = await headOf(roomId);
      for (const text of ['one', 'two', 'three', 'four']) await log.message(roomId, text);
      const events = await reader.events(roomId, before, before + 3);
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3].map((step) => before + step));
      expect(events[1]).toMatchObject({ roomId, type: 'message', message: { text: 'two' } });
      expect(await reader.events(roomId, before, before + 3, 2)).toEqual(events.slice(0, 2));
      expect(await reader.events(roomId, before + 4, before + 9)).toEqual([]);
      expect(await headOf(roomId)).toBe(before + 4);
    });

    it('gives a user the rooms of now, each with its head', async () => {
      const roomId = await log.newRoom();
      const mine = async () =>
        (await reader.memberships(log.bobId)).rooms.filter((room) => room.roomId === roomId);
      expect(await mine()).toEqual([]);
      await log.join(roomId, log.bobId);
      await log.message(roomId, 'hello');
      expect(await mine()).toEqual([{ roomId, head: await headOf(roomId) }]);
      await log.leave(roomId, log.bobId);
      expect(await mine()).toEqual([]);
      expect((await reader.memberships(log.bobId)).epoch).toBe(reader.epoch);
    });

    it('shows a room as it was at a place, to those whose membership had begun by then', async () => {
      const roomId = await log.newRoom();
      const before = await headOf(roomId);
      expect(await reader.roomView(roomId, log.bobId)).toBeUndefined();
      await log.join(roomId, log.bobId);
      await log.message(roomId, 'later');
      expect(await reader.roomView(roomId, log.bobId, before + 1)).toMatchObject({
        id: roomId,
        head: before + 1,
      });
      expect(await reader.roomView(roomId, log.bobId)).toMatchObject({ head: before + 2 });
      await log.leave(roomId, log.bobId);
      expect(await reader.roomView(roomId, log.bobId, before + 1)).toBeUndefined();
      await log.join(roomId, log.bobId);
      expect(await reader.roomView(roomId, log.bobId, before + 1)).toBeUndefined();
      expect(await reader.roomView(roomId, log.bobId, before + 4)).toMatchObject({ head: before + 4 });
    });

    it('shows a room to anyone in its plain facts', async () => {
      const roomId = await log.newRoom();
      expect(await reader.roomFacts(roomId)).toMatchObject({ id: roomId, head: await headOf(roomId) });
      expect(await reader.roomFacts('no-such-room')).toBeUndefined();
    });

    it('knows no head of a room that does not exist', async () => {
      const roomId = await log.newRoom();
      expect(await reader.heads([roomId, 'no-such-room'])).toEqual(new Map([[roomId, await headOf(roomId)]]));
    });
  });
}
