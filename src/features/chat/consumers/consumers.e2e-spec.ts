import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type BeforeApplicationShutdown, Module, type Type } from '@nestjs/common';
import { ParleyModule, type ParleyOptions } from '../../../parley.module.js';
import { ManualClock, startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { ConsumesLog, type LogBatch, type LogConsumer } from './log-consumer.js';

/** What a call of `handle` does; resolves at once unless a test says otherwise. */
type Work = (batch: LogBatch) => Promise<void>;

/** What a consumer was handed, by whichever node. */
class Recording {
  readonly batches: LogBatch[] = [];
  readonly calledAtMs: number[] = [];
  work: Work = () => Promise.resolve();
  /** Called once a stop has begun. */
  stopping = (): void => undefined;
  #told: (() => void)[] = [];

  /** The events that it has had. */
  get places(): string[] {
    return this.batches.flatMap(({ events }) => events.map(({ seq, type }) => `${seq} ${type}`));
  }

  async handle(batch: LogBatch): Promise<void> {
    this.batches.push(batch);
    this.calledAtMs.push(clock.monotonicMs());
    for (const tell of this.#told.splice(0)) tell();
    await this.work(batch);
  }

  /** Resolves once so many events have been handed over, the same ones again included. */
  async handed(events: number): Promise<void> {
    while (this.places.length < events) {
      await new Promise<void>((resolve) => this.#told.push(resolve));
    }
  }
}

/** Those of the service that runs, by the consumers' names. */
const recordings = new Map<string, Recording>();

abstract class Recorder implements LogConsumer, BeforeApplicationShutdown {
  abstract readonly name: string;
  abstract readonly types: '*' | readonly string[];
  readonly timeoutMs = 5_000;

  beforeApplicationShutdown(): void {
    recordingOf(this.name).stopping();
  }

  async handle(batch: LogBatch): Promise<void> {
    await recordingOf(this.name).handle(batch);
  }
}

function recordingOf(name: string): Recording {
  const recording = recordings.get(name) ?? new Recording();
  recordings.set(name, recording);
  return recording;
}

@ConsumesLog()
class Messages extends Recorder {
  readonly name = 'messages';
  readonly types = ['message'];
}

@ConsumesLog()
class Everything extends Recorder {
  readonly name = 'everything';
  readonly types = '*';
}

function moduleOf(
  consumers: readonly Type<LogConsumer>[],
  options: Partial<ParleyOptions> = {},
): Type<object> {
  @Module({ providers: [...consumers] })
  class ConsumersModule {}
  @Module({ imports: [ParleyModule.register({ features: [ConsumersModule], ...options })] })
  class AppModule {}
  return AppModule;
}

jest.setTimeout(60_000);

let dataDir: string;
let server: TestServer | undefined;
let clock: ManualClock;

beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'parley-'))));
afterEach(async () => {
  await close();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(
  consumers: readonly Type<LogConsumer>[],
  options: Partial<ParleyOptions> = {},
): Promise<TestServer> {
  await close();
  recordings.clear();
  clock = new ManualClock();
  const env = { DRAIN_MS: '2000', DRAIN_DELAY_MS: '0' };
  return (server = await startServer({ module: moduleOf(consumers, options), dataDir, clock, env }));
}

/** Stops the service, and lets time pass meanwhile: a test may have left a consumer at work. */
async function close(): Promise<void> {
  const closed = server?.close();
  server = undefined;
  if (closed !== undefined) await passing(closed);
}

/** Lets time pass until it is settled. */
async function passing(awaited: Promise<unknown>): Promise<void> {
  const settled = awaited.then(() => true);
  const turn = async (): Promise<boolean> => {
    await clock.advance(50);
    return await new Promise((resolve) => setTimeout(() => resolve(false), 1));
  };
  while (!(await Promise.race([settled, turn()])));
}

async function roomOf(client: TestClient): Promise<string> {
  const { room } = await client.request('room.create', { kind: 'channel', name: 'garden' });
  return room.id as string;
}

async function send(client: TestClient, roomId: string, text: string): Promise<number> {
  const clientId = `client ${text}`;
  const { message } = await client.request('message.send', { roomId, text, clientId });
  return message.seq as number;
}

/** The lines of the log about consumers. */
function logged(text: string): string[] {
  return server?.logs.filter((line) => line.includes(text)) ?? [];
}

describe('a consumer of the log', () => {
  it('is handed the events of its types as clients see them', async () => {
    const { get, connect } = bound(await start([Messages, Everything]));
    const ann = await connect('ann');
    const roomId = await roomOf(ann);
    const seen = ann.next('room.event', (event) => event['type'] === 'message');
    await send(ann, roomId, 'hello');
    await get(Messages).handed(1);
    const [{ events, attempt } = { events: [], attempt: 0 }] = get(Messages).batches;
    expect([events, attempt]).toEqual([[await seen], 1]);
    expect(get(Messages).places).toEqual(['2 message']);
    await passing(get(Everything).handed(2));
    expect(get(Everything).places).toEqual(['1 member.joined', '2 message']);
  });

  it('gets what came meanwhile in one batch, and nothing twice', async () => {
    const { get, connect } = bound(await start([Messages]));
    const ann = await connect('ann');
    const roomId = await roomOf(ann);
    const { promise, resolve } = withResolvers();
    get(Messages).work = () => promise;
    await send(ann, roomId, 'one');
    await get(Messages).handed(1);
    for (const text of ['two', 'three']) await send(ann, roomId, text);
    resolve();
    await passing(get(Messages).handed(3));
    expect(get(Messages).batches.map(({ events }) => events.length)).toEqual([1, 2]);
    await send(ann, roomId, 'four');
    await passing(get(Messages).handed(4));
    expect(get(Messages).places).toEqual(['2 message', '3 message', '4 message', '5 message']);
  });

  it('gets the same events again when it fails, ever later, and is logged once', async () => {
    const { get, connect } = bound(await start([Messages, Everything]));
    const messages = get(Messages);
    messages.work = ({ attempt }) => (attempt < 4 ? Promise.reject(new Error('no')) : Promise.resolve());
    const ann = await connect('ann');
    const roomId = await roomOf(ann);
    await send(ann, roomId, 'hello');
    await passing(messages.handed(4));
    expect(messages.batches.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(messages.places)).toEqual(new Set(['2 message']));
    const [first = 0, second = 0, third = 0, fourth = 0] = messages.calledAtMs;
    expect(second - first).toBeGreaterThanOrEqual(400);
    expect(third - second).toBeGreaterThanOrEqual(800);
    expect(fourth - third).toBeGreaterThanOrEqual(1600);
    messages.work = () => Promise.resolve();
    await send(ann, roomId, 'more');
    await passing(messages.handed(5));
    expect(messages.places.at(-1)).toBe('3 message');
    expect(logged('could not be handed')).toHaveLength(1);
    expect(logged('works again')).toEqual([expect.stringContaining('"failures":3')]);
  });

  it('does not wait for one that fails or hangs', async () => {
    const { get, connect } = bound(await start([Messages, Everything]));
    get(Everything).work = () => new Promise(() => undefined);
    const ann = await connect('ann');
    const roomId = await roomOf(ann);
    await get(Everything).handed(1);
    await send(ann, roomId, 'one');
    await get(Messages).handed(1);
    await send(ann, roomId, 'two');
    await passing(get(Messages).handed(2));
    expect(get(Messages).places).toEqual(['2 message', '3 message']);
    expect(get(Everything).places).toEqual(['1 member.joined']);
  });

  it('has failed when it takes too long, and is told', async () => {
    const { get, connect } = bound(await start([Messages]));
    const messages = get(Messages);
    messages.work = () => new Promise(() => undefined);
    const ann = await connect('ann');
    await send(ann, await roomOf(ann), 'hello');
    await messages.handed(1);
    messages.work = () => Promise.resolve();
    await clock.advance(4_999);
    expect(messages.batches[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(messages.batches[0]?.signal.aborted).toBe(true);
    await passing(messages.handed(2));
    expect(messages.places).toEqual(['2 message', '2 message']);
    expect(logged('could not be handed')).toEqual([expect.stringContaining('not done after 5000 ms')]);
  });

  it('sees a message as it is when it is handed over', async () => {
    const { get, connect } = bound(await start([Messages]));
    const messages = get(Messages);
    messages.work = () => Promise.reject(new Error('not now'));
    const ann = await connect('ann');
    const roomId = await roomOf(ann);
    const seq = await send(ann, roomId, 'a secret');
    await messages.handed(1);
    await ann.request('message.delete', { roomId, seq });
    messages.work = () => Promise.resolve();
    await passing(messages.handed(2));
    const message = messages.batches[1]?.events[0]?.['message'];
    expect(message).toMatchObject({ text: '', deletedAt: expect.any(String) });
  });
});

describe('over a restart, a consumer', () => {
  it('begins with now when it is new, and goes on where it was when it is not', async () => {
    let { get, connect } = bound(await start([]));
    let ann = await connect('ann');
    const roomId = await roomOf(ann);
    await send(ann, roomId, 'before it was there');
    ({ get, connect } = bound(await start([Messages])));
    get(Messages).work = () => Promise.reject(new Error('not now'));
    ann = await connect('ann');
    await send(ann, roomId, 'one');
    await get(Messages).handed(1);
    ({ get } = bound(await start([Messages])));
    await get(Messages).handed(1);
    expect(get(Messages).places).toEqual(['3 message']);
    ({ get } = bound(await start([Messages])));
    await clock.advance(10_000);
    expect(get(Messages).places).toEqual([]);
  });

  it('loses nothing while it is missing, and its absence is told', async () => {
    await start([Messages]);
    let { get, connect } = bound(await start([]));
    expect(logged('events are kept')).toContainEqual(expect.stringContaining('"messages"'));
    const ann = await connect('ann');
    await send(ann, await roomOf(ann), 'while it was away');
    ({ get, connect } = bound(await start([Messages])));
    await get(Messages).handed(1);
    expect(get(Messages).places).toEqual(['2 message']);
    expect(logged('events are kept')).toEqual([]);
  });

  it('is forgotten when it is said to be', async () => {
    await start([Messages]);
    const { connect } = bound(await start([], { forgetConsumers: ['messages'] }));
    expect(logged('events are kept')).toEqual([]);
    const ann = await connect('ann');
    await send(ann, await roomOf(ann), 'for nobody');
    const { get } = bound(await start([Messages]));
    await clock.advance(10_000);
    expect(get(Messages).places).toEqual([]);
  });

  it('that is at work when the service stops may finish', async () => {
    const { get, connect } = bound(await start([Messages]));
    const messages = get(Messages);
    const { promise, resolve } = withResolvers();
    messages.work = () => promise;
    messages.stopping = resolve;
    const ann = await connect('ann');
    await send(ann, await roomOf(ann), 'hello');
    await messages.handed(1);
    await close();
    expect(messages.batches[0]?.signal.aborted).toBe(false);
    const { get: getAgain } = bound(await start([Messages]));
    await clock.advance(10_000);
    expect(getAgain(Messages).places).toEqual([]);
  });

  it('that does not finish within DRAIN_MS is left, and gets the events again', async () => {
    const { get, connect } = bound(await start([Messages]));
    const messages = get(Messages);
    messages.work = () => new Promise(() => undefined);
    const ann = await connect('ann');
    await send(ann, await roomOf(ann), 'hello');
    await messages.handed(1);
    const stoppedAtMs = clock.monotonicMs();
    await close();
    expect(messages.batches[0]?.signal.aborted).toBe(true);
    expect(clock.monotonicMs() - stoppedAtMs).toBeGreaterThanOrEqual(2_000);
    const { get: getAgain } = bound(await start([Messages]));
    await getAgain(Messages).handed(1);
    expect(getAgain(Messages).places).toEqual(['2 message']);
  });
});

describe('the start', () => {
  it('fails when two consumers have one name', async () => {
    @ConsumesLog()
    class Others extends Recorder {
      readonly name = 'messages';
      readonly types = '*';
    }
    await expect(start([Messages, Others])).rejects.toThrow(
      /two consumers of the log are named "messages" \(Messages and Others\): rename one/,
    );
  });

  it('fails when a consumer is here and to be forgotten', async () => {
    await expect(start([Messages], { forgetConsumers: ['messages'] })).rejects.toThrow(
      /"messages" is here and to be forgotten/,
    );
  });
});

function bound(running: TestServer) {
  return {
    get: (consumer: Type<Recorder>): Recording => recordingOf(running.get(consumer).name),
    connect: async (name: string): Promise<TestClient> => await running.connect(name),
  };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
