import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Meters, SERVICE, SystemClock, TopicBus, type UserActor } from '../../../realtime/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { LargeRooms } from '../large-rooms/index.js';
import { ANY_SIZE } from '../room-sizes.js';
import { AppendDriver, LOG_MIGRATIONS } from './append-driver.js';
import { EventMeter } from './commit/event-meter.js';
import { LogPublisher } from './log-publisher.js';
import { LogWriter } from './log-writer.js';
import { Outbox } from './outbox.js';
import { type AppendInput, RoomLog } from './room-log.js';

class SilentBus extends TopicBus {
  publish(): void {
    // Nobody listens.
  }

  subscribe(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }
}

const ANN: UserActor = { kind: 'user', userId: 'ann', sessionId: null };

let test: TestDatabase;
let driver: AppendDriver;
let log: RoomLog;
let roomId: string;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  driver = new AppendDriver(test.database);
  const publisher = new LogPublisher(new SilentBus(), new Outbox(), new EventMeter(new Meters()));
  const largeRooms = new LargeRooms({ rooms: ANY_SIZE });
  log = new RoomLog(new LogWriter(driver.appends, publisher, new SystemClock(), largeRooms));
  roomId = await driver.group();
});

afterAll(async () => test.close());

function poll(values: Partial<AppendInput> = {}): AppendInput {
  return {
    roomId,
    actor: ANN,
    type: 'poll.opened',
    body: { question: 'tea?' },
    require: 'member',
    ...values,
  };
}

describe("the modules' door to a room's log", () => {
  it('appends an event with its body beside what every event has', async () => {
    const { event } = await log.append(poll()).committed;
    expect(event).toEqual({
      roomId,
      seq: 3,
      type: 'poll.opened',
      actorId: 'ann',
      at: expect.any(String),
      question: 'tea?',
    });
    expect((await driver.events(roomId)).at(-1)).toEqual(event);
  });

  it('lets the service append as nobody', async () => {
    const { event } = await log.append(poll({ actor: SERVICE, type: 'poll.closed', require: 'admin' }))
      .committed;
    expect(event.actorId).toBeNull();
  });

  it.each([
    'voted',
    'Poll.voted',
    'poll.',
    '.voted',
    'poll voted',
    'message',
    'message.voted',
    'room.polled',
  ])('refuses the type "%s"', (type) => {
    expect(() => log.append(poll({ type }))).toThrow('no event type for a module');
  });

  it.each(['roomId', 'seq', 'type', 'actorId', 'at'])('refuses a body that shadows "%s"', (property) => {
    expect(() => log.append(poll({ body: { [property]: 1 } }))).toThrow('rename it');
  });

  it('refuses a body of more than 16 KiB', async () => {
    const question = 'x'.repeat(16 * 1024 - '{"question":""}'.length);
    expect(() => log.append(poll({ body: { question: `${question}x` } }))).toThrow('at most 16384');
    await expect(log.append(poll({ body: { question } })).committed).resolves.toBeDefined();
  });

  it('refuses a query with a value that no column holds', () => {
    const wrong = { sql: 'select ?', parameters: [true] };
    expect(() => log.append(poll({ assert: [wrong] }))).toThrow('parameter 1');
  });

  it('refuses an append whose condition gives no row', async () => {
    const never = { sql: 'select 1 where 1 = 0', parameters: [] };
    await expect(log.append(poll({ assert: [never] })).committed).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it("reports a module's broken query as a fault of its own", async () => {
    const broken = { sql: 'insert into nowhere values (1)', parameters: [] };
    const { committed } = log.append(poll({ project: [broken] }));
    await expect(committed).rejects.toThrow("a module's query failed");
    await expect(committed).rejects.not.toHaveProperty('code');
  });
});
