/* @one-node Each node gathers what it is asked itself. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LargeRooms } from './large-rooms.js';
import { Crowd } from './testing.js';

let crowd: Crowd;

beforeAll(async () => {
  crowd = await Crowd.start();
});

afterAll(async () => crowd.server.close());

beforeEach(async () => crowd.enterNewRoom());

describe('joins and leaves of a large room that one node is asked for', () => {
  it('reach everyone as one event', async () => {
    const { roomId } = crowd;
    await crowd.begin();
    const [eve, flo] = [crowd.ask('eve', 'room.join'), crowd.ask('flo', 'room.join')];
    const [bob, added] = [
      crowd.ask('bob', 'room.leave'),
      crowd.ask('ann', 'room.add', { userIds: [crowd.id.gil, crowd.id.cay] }),
    ];
    const answers = await crowd.passing(Promise.all([eve, flo, bob, added]));
    const event = await crowd.next('ann', 'room.event', crowd.isAt(6));
    expect(event).toEqual({
      roomId,
      seq: 6,
      type: 'members.changed',
      actorId: null,
      at: expect.any(String),
      joined: expect.any(Array),
      left: [crowd.id.bob],
      memberCount: 7,
    });
    expect(new Set(event['joined'])).toEqual(new Set([crowd.id.eve, crowd.id.flo, crowd.id.gil]));
    for (const { room } of answers.slice(0, 2)) {
      expect(room).toMatchObject({ head: 6, readSeq: 6, unread: 0, memberCount: 7, role: 'member' });
    }
    expect(answers.slice(2)).toEqual([{}, { added: [crowd.id.gil] }]);
    for (const name of ['cay', 'dan', 'hal'] as const) {
      expect(await crowd.next(name, 'room.event', crowd.isAt(6))).toEqual(event);
    }
  });

  it('leave a removal to an event of its own, and let nothing later through', async () => {
    const { roomId } = crowd;
    await crowd.begin();
    const joining = crowd.ask('eve', 'room.join');
    await crowd.ask('ann', 'room.remove', { userId: crowd.id.bob });
    await crowd.send('ann');
    await crowd.passing(joining);
    expect(await crowd.next('bob', 'room.removed')).toEqual({ roomId, reason: 'removed' });
    await crowd.client.bob.expectSilence('none');
    expect(crowd.told('bob')).toEqual([
      [2, 'member.joined'],
      [3, 'member.joined'],
      [5, 'members.changed'],
      [6, 'member.left'],
    ]);
  });

  it('do not let a banned user in who was waiting', async () => {
    await crowd.begin();
    const joining = crowd.ask('eve', 'room.join');
    const other = crowd.ask('flo', 'room.join');
    await crowd.ask('ann', 'room.remove', { userId: crowd.id.eve, ban: true });
    await expect(crowd.passing(joining)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await other).toMatchObject({ room: { head: 6, memberCount: 6 } });
  });
});

describe('reads of a large room', () => {
  it('are counted where nobody is told of them', async () => {
    const before = crowd.server.get(LargeRooms).spared.receipts;
    await crowd.ask('bob', 'message.read', { seq: await crowd.send('ann') });
    expect(crowd.server.get(LargeRooms).spared.receipts).toBe(before + 1);
  });
});
