import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Meters, TopicBus } from '../../../realtime/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { ManualClock } from '../../../testing/index.js';
import { LargeRooms } from '../large-rooms/index.js';
import type { RoomEvent } from '../records/index.js';
import { AppendDriver, LOG_MIGRATIONS } from './append-driver.js';
import type { Change, Stored } from './append/index.js';
import { EventMeter } from './commit/event-meter.js';
import { LogPublisher } from './log-publisher.js';
import { LogWriter } from './log-writer.js';
import { Outbox } from './outbox.js';

/** Keeps what is published by channel. */
class RecordingBus extends TopicBus {
  readonly published = new Map<string, object[]>();

  publish(channel: string, message: object): void {
    this.published.set(channel, [...(this.published.get(channel) ?? []), message]);
  }

  subscribe(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }
}

let test: TestDatabase;
let log: AppendDriver;
let bus: RecordingBus;
let clock: ManualClock;
let largeRooms: LargeRooms;
let writer: LogWriter;
let roomId: string;

/** A channel of ann, bob and cy, which is large with more than two members: its head is 3. */
beforeEach(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  bus = new RecordingBus();
  clock = new ManualClock();
  largeRooms = new LargeRooms({ rooms: { largeMembers: 2, maxMembers: 1000 } });
  writer = new LogWriter(
    log.appends,
    new LogPublisher(bus, new Outbox(), new EventMeter(new Meters())),
    clock,
    largeRooms,
  );
  roomId = (await log.stored(log.creation({ kind: 'channel', memberIds: ['bob', 'cy'] }))).roomId;
});

afterEach(async () => test.close());

const joining = (actorId: string): Change => ({ change: 'join', roomId, actorId });
const leaving = (actorId: string): Change => ({ change: 'leave', roomId, actorId });

/** An append, and whether it has an answer yet. */
function submit(change: Change): { readonly committed: Promise<Stored>; isAnswered: boolean } {
  const { committed } = writer.submit(change);
  const append = { committed, isAnswered: false };
  const answer = (): void => void (append.isAnswered = true);
  committed.then(answer, answer);
  return append;
}

const changes = async (): Promise<unknown[]> =>
  (await log.events(roomId))
    .slice(3)
    .map(({ type, seq, ...event }: RoomEvent) => [seq, type, event['joined'], event['left']]);

/** A burst has begun: one join is stored, and the room's second runs. */
async function begin(): Promise<void> {
  await submit(joining('first')).committed;
}

describe('joins and leaves of a large room', () => {
  it('are stored at once when nothing came before, and then once a second', async () => {
    await begin();
    const rest = [joining('di'), leaving('bob'), joining('ed')].map(submit);
    await clock.advance(999);
    expect(await changes()).toHaveLength(1);
    expect(rest.map(({ isAnswered }) => isAnswered)).toEqual([false, false, false]);
    await clock.advance(1);
    await Promise.all(rest.map(({ committed }) => committed));
    expect(await changes()).toEqual([
      [4, 'members.changed', ['first'], []],
      [5, 'members.changed', ['di', 'ed'], ['bob']],
    ]);
    const next = submit(joining('flo'));
    await clock.advance(1000);
    await next.committed;
    await clock.advance(1000);
    await submit(leaving('flo')).committed;
    expect(await changes()).toHaveLength(4);
  });

  it('are answered each with its own fate', async () => {
    await begin();
    await log.stored({
      change: 'remove',
      roomId,
      actorId: 'ann',
      userId: 'eve',
      isBan: true,
      isUserKnown: true,
    });
    const fates = [joining('eve'), joining('di'), joining('cy'), leaving('nobody')].map(submit);
    await clock.advance(1000);
    await expect(fates[0]?.committed).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await fates[1]?.committed)?.events).toMatchObject([{ joined: ['di'] }]);
    expect((await fates[2]?.committed)?.events).toEqual([]);
    expect((await fates[3]?.committed)?.events).toEqual([]);
  });

  it('keep the order of one user', async () => {
    await begin();
    const all = [joining('di'), leaving('di'), joining('di'), leaving('first')].map(submit);
    await clock.advance(1000);
    await Promise.all(all.map(({ committed }) => committed));
    expect((await changes()).slice(1)).toEqual([
      [5, 'members.changed', ['di'], []],
      [6, 'members.changed', [], ['di']],
      [7, 'members.changed', ['di'], ['first']],
    ]);
    expect(await log.view(roomId, 'di')).toMatchObject({ memberCount: 4, readSeq: 7 });
  });

  it('hold up nothing else', async () => {
    await begin();
    const held = submit(joining('di'));
    const removal: Change = {
      change: 'remove',
      roomId,
      actorId: 'ann',
      userId: 'bob',
      isBan: false,
      isUserKnown: true,
    };
    await submit(log.sending(roomId)).committed;
    await submit(removal).committed;
    await submit({ change: 'leave', roomId: await log.group(), actorId: 'bob' }).committed;
    expect(held.isAnswered).toBe(false);
    await clock.advance(1000);
    await held.committed;
    expect((await changes()).map((event) => (event as unknown[])[1])).toEqual([
      'members.changed',
      'message',
      'member.left',
      'members.changed',
    ]);
  });

  it('are published once, and to each user whom they name', async () => {
    await begin();
    bus.published.clear();
    const all = [joining('di'), leaving('bob')].map(submit);
    await clock.advance(1000);
    const [one, other] = await Promise.all(all.map(({ committed }) => committed));
    expect(one?.events).toEqual(other?.events);
    expect(Object.fromEntries(bus.published)).toEqual({
      [`room:${roomId}`]: [{ events: one?.events }],
      'user:di': [{ type: 'membership', roomId, seq: 5 }],
      'user:bob': [{ type: 'membership', roomId, seq: 5 }],
    });
  });

  it('wait for no more than fill an event', async () => {
    await begin();
    const all = Array.from({ length: 300 }, (_, index) => submit(joining(`user-${index}`)));
    await Promise.all(all.slice(0, 256).map(({ committed }) => committed));
    expect(all.slice(256).map(({ isAnswered }) => isAnswered)).not.toContain(true);
    await clock.advance(1000);
    await Promise.all(all.map(({ committed }) => committed));
    expect((await changes()).map((event) => ((event as unknown[])[2] as unknown[]).length)).toEqual([
      1, 256, 44,
    ]);
  });

  it('count with all that wait when the queue is full', async () => {
    await begin();
    const room = joining('di');
    // The release of each 256 puts them into the queue, which is not worked off within this turn.
    const all = Array.from({ length: 8193 }, () => submit(room));
    await expect(all.at(-1)?.committed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await clock.advance(1000);
    await Promise.all(all.slice(0, -1).map(({ committed }) => committed));
  });

  it('are stored at once when the node is about to stop', async () => {
    await begin();
    const held = [joining('di'), leaving('bob')].map(submit);
    writer.onModuleDestroy();
    await Promise.all(held.map(({ committed }) => committed));
    await submit(joining('ed')).committed;
    await submit(joining('flo')).committed;
    expect(await changes()).toHaveLength(4);
  });

  it('are counted', async () => {
    await begin();
    const all = [joining('di'), leaving('bob'), joining('di')].map(submit);
    await clock.advance(1000);
    await Promise.all(all.map(({ committed }) => committed));
    expect(largeRooms.spared).toEqual({ gatherings: 2, gatheredMembers: 3, receipts: 0, typistLists: 0 });
  });
});

describe('joins and leaves of other rooms', () => {
  it('wait for nothing', async () => {
    const small = (await log.stored(log.creation({ kind: 'channel', memberIds: [] }))).roomId;
    await submit({ change: 'join', roomId: small, actorId: 'bob' }).committed;
    await submit({ change: 'leave', roomId: small, actorId: 'bob' }).committed;
    await submit({ change: 'join', roomId: small, actorId: 'bob' }).committed;
    expect((await log.events(small)).map(({ type }) => type)).toEqual([
      'member.joined',
      'member.joined',
      'member.left',
      'member.joined',
    ]);
  });
});
