import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json } from '../../../testing/index.js';
import { Crowd, type Name } from './testing.js';

let crowd: Crowd;

beforeAll(async () => {
  crowd = await Crowd.start();
});

afterAll(async () => crowd.server.close());

beforeEach(async () => crowd.enterNewRoom());

describe('joins and leaves of a large room', () => {
  it('stand for the own joining, after room.added, and for the own leaving, before room.removed', async () => {
    const { roomId } = crowd;
    await crowd.begin();
    const joining = crowd.ask('eve', 'room.join');
    await crowd.passing(joining);
    await crowd.send('ann');
    const leaving = crowd.ask('eve', 'room.leave');
    await crowd.passing(leaving);
    await crowd.send('ann');
    await crowd.next('eve', 'room.removed');
    await crowd.client.eve.expectSilence('none');
    const added = await crowd.next('eve', 'room.added', (data) => data['room'].id === roomId);
    expect(added).toMatchObject({ room: { head: 6, readSeq: 6 } });
    expect(crowd.told('eve')).toEqual([
      [6, 'members.changed'],
      [7, 'message'],
      [8, 'members.changed'],
    ]);
  });

  it('are caught up with by room.sync', async () => {
    const { roomId } = crowd;
    await crowd.begin();
    await crowd.passing(Promise.all([crowd.ask('eve', 'room.join'), crowd.ask('bob', 'room.leave')]));
    const { rooms } = await crowd.client.eve.request('room.sync', { rooms: { [roomId]: 4 }, rest: 'none' });
    const [{ events }] = rooms as [{ events: { joined: string[]; left: string[] }[] }];
    expect(events.flatMap(({ joined }) => joined)).toEqual([crowd.id.hal, crowd.id.eve]);
    expect(events.flatMap(({ left }) => left)).toEqual([crowd.id.bob]);
    const { removed } = await crowd.client.bob.request('room.sync', { rooms: { [roomId]: 4 }, rest: 'none' });
    expect(removed).toEqual([roomId]);
  });

  it('let its owner hand over with events of their own', async () => {
    await crowd.begin();
    await crowd.passing(crowd.ask('ann', 'room.leave'));
    const events = [
      await crowd.next('bob', 'room.event', crowd.isAt(6)),
      await crowd.next('bob', 'room.event', crowd.isAt(7)),
    ];
    expect(events).toMatchObject([
      { type: 'member.role', userId: crowd.id.bob, role: 'owner' },
      { type: 'member.left', userId: crowd.id.ann },
    ]);
  });

  it('are followed by watches of presence by room', async () => {
    // The two go on sharing a room, so that only the watch decides what ann is told of hal.
    await crowd.client.ann.request('room.create', { kind: 'group', memberIds: [crowd.id.hal] });
    await crowd.begin();
    await crowd.ask('ann', 'presence.watch');
    await crowd.passing(crowd.ask('eve', 'room.join'));
    const isOf = (name: Name) => (data: Json) => data['userId'] === crowd.id[name];
    expect(await crowd.next('ann', 'presence.changed', isOf('eve'))).toMatchObject({
      status: 'online',
    });
    await crowd.passing(crowd.ask('hal', 'room.leave'));
    // The watch ends with the news that hal has left; until then a status may still be shown.
    await crowd.next('ann', 'room.event', (data) =>
      JSON.stringify(data['left'] ?? []).includes(crowd.id.hal),
    );
    await crowd.passing(
      Promise.all([crowd.client.hal.request('presence.set', { status: 'dnd' }), crowd.clock.advance(500)]),
    );
    await crowd.passing(crowd.client.ann.request('presence.get', { userIds: [crowd.id.hal] }));
    await crowd.client.ann.expectSilence('presence.changed');
  });

  it('end where the room is full', async () => {
    const { roomId } = crowd;
    await crowd.passing(
      crowd.ask('ann', 'room.add', { userIds: [crowd.id.eve, crowd.id.flo, crowd.id.gil, crowd.id.hal] }),
    );
    const ivy = await crowd.server.connect('ivy');
    await expect(crowd.passing(ivy.request('room.join', { roomId }))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await ivy.request('room.get', { roomId })).toMatchObject({ room: { memberCount: 8 } });
  });
});

describe('receipts of a large room', () => {
  it('are not pushed, and are given when asked for', async () => {
    const phone = await crowd.server.connect('bob');
    const seq = await crowd.send('ann');
    await crowd.ask('bob', 'message.read', { seq });
    expect(await phone.next('room.self', crowd.isHere)).toMatchObject({ readSeq: seq, unread: 0 });
    await crowd.clock.advance(2000);
    await crowd.client.ann.expectSilence('room.receipt');
    expect(await crowd.ask('ann', 'message.receipts', { seq })).toMatchObject({
      count: 1,
      readBy: [crowd.id.bob],
    });
  });

  it('are pushed again when it is large no more', async () => {
    const { roomId } = crowd;
    await crowd.ask('dan', 'room.leave');
    const seq = await crowd.send('ann');
    await crowd.ask('bob', 'message.read', { seq });
    const reads = [{ userId: crowd.id.bob, readSeq: seq }];
    expect(await crowd.next('ann', 'room.receipt')).toEqual({ roomId, reads });
  });
});

describe('typists of a large room', () => {
  it('are told seldom, and five at most', async () => {
    const { roomId } = crowd;
    await crowd.passing(
      crowd.ask('ann', 'room.add', { userIds: [crowd.id.eve, crowd.id.flo, crowd.id.gil, crowd.id.hal] }),
    );
    const typing = ['cay', 'dan', 'eve', 'flo', 'gil', 'hal'] as const;
    await crowd.ask('bob', 'room.typing', { active: true });
    expect(await crowd.client.ann.next('room.typists', crowd.isHere)).toEqual({
      roomId,
      userIds: [crowd.id.bob],
    });
    for (const name of typing) {
      await crowd.clock.advance(1);
      await crowd.ask(name, 'room.typing', { active: true });
    }
    await crowd.ask('bob', 'room.typing', { active: false });
    await crowd.clock.advance(2900 - typing.length);
    await crowd.client.ann.expectSilence('room.typists');
    await crowd.clock.advance(100);
    const userIds = typing.slice(0, 5).map((name) => crowd.id[name]);
    expect(await crowd.client.ann.next('room.typists', crowd.isHere)).toEqual({ roomId, userIds });
    for (const name of typing) await crowd.ask(name, 'room.typing', { active: false });
    expect(await crowd.next('ann', 'room.typists')).toEqual({ roomId, userIds: [] });
  });
});

describe('typists of a small room', () => {
  it('are told again when there were 3 ms for each member', async () => {
    const memberIds = [crowd.id.bob, crowd.id.cay];
    const { room } = await crowd.client.ann.request('room.create', { kind: 'group', memberIds });
    crowd.roomId = (room as Json)['id'] as string;
    await crowd.next('ann', 'room.event', crowd.isAt(3));
    await crowd.ask('bob', 'room.typing', { active: true });
    expect(await crowd.client.ann.next('room.typists', crowd.isHere)).toMatchObject({
      userIds: [crowd.id.bob],
    });
    await crowd.ask('cay', 'room.typing', { active: true });
    await crowd.ask('bob', 'room.typing', { active: false });
    await crowd.clock.advance(8);
    await crowd.client.ann.expectSilence('room.typists');
    await crowd.clock.advance(1);
    expect(await crowd.client.ann.next('room.typists', crowd.isHere)).toMatchObject({
      userIds: [crowd.id.cay],
    });
  });
});
