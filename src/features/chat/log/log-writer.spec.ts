import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Clock, Meters, RealtimeError, SystemClock, TopicBus } from '../../../realtime/index.js';
import { StorageError } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { LargeRooms } from '../large-rooms/index.js';
import { ANY_SIZE, type RoomSizes } from '../room-sizes.js';
import { AppendDriver, LOG_MIGRATIONS } from './append-driver.js';
import { EventMeter } from './commit/event-meter.js';
import { LogPublisher } from './log-publisher.js';
import { LogWriter } from './log-writer.js';
import { Outbox } from './outbox.js';

/** Keeps what is published. */
class RecordingBus extends TopicBus {
  readonly published: { readonly channel: string; readonly message: unknown }[] = [];

  publish(channel: string, message: object): void {
    this.published.push({ channel, message });
  }

  subscribe(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }
}

let test: TestDatabase;
let log: AppendDriver;
let bus: RecordingBus;
let writer: LogWriter;
let roomId: string;
/** How many changes each commit had. */
let batches: number[];

beforeEach(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  bus = new RecordingBus();
  batches = [];
  writer = newWriter();
  roomId = await log.group();
});

afterEach(async () => test.close());

function newWriter(clock: Clock = new SystemClock(), rooms: RoomSizes = ANY_SIZE): LogWriter {
  const append: typeof log.appends.append = async (batch) => {
    batches.push(batch.changes.length);
    return await log.appends.append(batch);
  };
  return new LogWriter(
    { append },
    new LogPublisher(bus, new Outbox(), new EventMeter(new Meters())),
    clock,
    new LargeRooms({ rooms }),
  );
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => 'stored',
    (error: unknown) => error,
  );
  return outcome instanceof RealtimeError ? outcome.code : String(outcome);
}

describe('the group commit', () => {
  it('makes one commit of what comes while another is in flight', async () => {
    const first = writer.submit(log.sending(roomId));
    await new Promise((resolve) => setImmediate(resolve));
    const others = Array.from({ length: 50 }, () => writer.submit(log.sending(roomId)).committed);
    await Promise.all([first.committed, ...others]);
    expect(batches).toEqual([1, 50]);
  });

  it('answers in the order in which it was asked', async () => {
    const answered: number[] = [];
    const all = Array.from({ length: 300 }, async (_, index) => {
      const { message } = await writer.submit(log.sending(roomId)).committed;
      answered.push(index);
      return message?.seq;
    });
    expect(await Promise.all(all)).toEqual(Array.from({ length: 300 }, (_, index) => index + 3));
    expect(answered).toEqual(Array.from({ length: 300 }, (_, index) => index));
  });

  it('admits at once', async () => {
    const order: string[] = [];
    const { admitted, committed } = writer.submit(log.sending(roomId));
    await Promise.all([
      committed.then(() => order.push('stored')),
      admitted.then(() => order.push('admitted')),
    ]);
    expect(order).toEqual(['admitted', 'stored']);
  });

  it('publishes what it stored before it answers', async () => {
    const { events } = await writer.submit(log.sending(roomId)).committed;
    expect(bus.published).toEqual([{ channel: `room:${roomId}`, message: { events } }]);
  });

  it('publishes the events of a commit by room, and who came and went by user', async () => {
    const results = await Promise.all([
      writer.submit(log.sending(roomId)).committed,
      writer.submit({ change: 'add', roomId, actorId: 'ann', userIds: ['cy'] }).committed,
      writer.submit({ change: 'leave', roomId, actorId: 'bob' }).committed,
    ]);
    expect(bus.published).toEqual([
      { channel: `room:${roomId}`, message: { events: results.flatMap(({ events }) => events) } },
      { channel: 'user:cy', message: { type: 'membership', roomId, seq: 4 } },
      { channel: 'user:bob', message: { type: 'membership', roomId, seq: 5 } },
    ]);
  });

  it('publishes nothing for what stored nothing', async () => {
    const send = log.sending(roomId);
    await writer.submit(send).committed;
    bus.published.length = 0;
    expect(await writer.submit(send).committed).toMatchObject({ duplicate: true });
    expect(await codeOf(writer.submit(log.sending(roomId, { actorId: 'eve' })).committed)).toBe('NOT_FOUND');
    expect(bus.published).toEqual([]);
  });

  it('names the property that a reference is wrong in', async () => {
    const { committed } = writer.submit(log.sending(roomId, { replyTo: 99 }));
    await expect(committed).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [{ path: 'replyTo', message: 'must name a message' }],
    });
  });

  it('lets an append that breaks its batch fail alone', async () => {
    const broken = log.sending(roomId, { text: 'cut \0 here' });
    const [one, poison, other] = [log.sending(roomId), broken, log.sending(roomId)].map(
      async (send) => writer.submit(send).committed,
    );
    await expect(poison).rejects.toThrow('U+0000');
    expect((await one)?.message?.seq).toBe(3);
    expect((await other)?.message?.seq).toBe(4);
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4]);
    expect(bus.published).toHaveLength(2);
  });

  it('turns away what does not fit its queue', async () => {
    const stranger = { actorId: 'eve', text: 'let me in' };
    const all = Array.from({ length: 8193 }, () => writer.submit(log.sending(roomId, stranger)));
    const codes = await Promise.all(all.map(async ({ committed }) => codeOf(committed)));
    expect(codes.slice(0, 8192).every((code) => code === 'NOT_FOUND')).toBe(true);
    expect(codes.at(-1)).toBe('UNAVAILABLE');
    expect(await writer.submit(log.sending(roomId)).committed).toMatchObject({ duplicate: false });
  });

  it('passes on that the database could not do it', async () => {
    await test.database.stop();
    const all = [writer.submit(log.sending(roomId)), writer.submit(log.sending(roomId))];
    for (const { committed } of all) await expect(committed).rejects.toBeInstanceOf(StorageError);
  });

  it('commits what waits before it shuts down', async () => {
    const all = Array.from({ length: 600 }, () => writer.submit(log.sending(roomId)));
    void Promise.all(all.map(({ committed }) => committed));
    await writer.onApplicationShutdown();
    expect(await log.seqs(roomId)).toHaveLength(602);
  });
});
