import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { IsInt } from 'class-validator';
import {
  type Connection,
  ConnectionRegistry,
  CurrentConnection,
  OutboundFrame,
  type PositionedFrame,
  RealtimeGateway,
  type Topic,
  Topics,
} from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import type { RawClient } from '../support/raw-client.js';

const MAX_OUTBOX_BYTES = 65_536;
const PADDING = 'x'.repeat(10_000);
const FRAMES = 3000;

class Count {
  @IsInt()
  count!: number;
}

/** A log in memory, fanned out. */
@Injectable()
class News {
  readonly topic: Topic;
  private readonly log: PositionedFrame[] = [];

  constructor(topics: Topics) {
    this.topic = topics.create('news', 0, {
      read: (_topic, after, until) => Promise.resolve(this.log.slice(after, Math.min(until, after + 20))),
    });
  }

  publish(): void {
    const position = this.log.length + 1;
    const frame = new OutboundFrame('news', { position, padding: PADDING });
    this.log.push({ position, frame });
    this.topic.publish(position, frame);
  }
}

@RealtimeGateway('news')
class NewsGateway {
  constructor(private readonly news: News) {}

  @SubscribeMessage('news.follow')
  follow(@CurrentConnection() connection: Connection) {
    this.news.topic.subscribe(connection, this.news.topic.position);
    return {};
  }

  @SubscribeMessage('news.large')
  large(@MessageBody() { count }: Count) {
    return { large: 'y'.repeat(count) };
  }
}

let kernel: KernelApp;
let news: News;

beforeAll(async () => {
  kernel = await KernelApp.start({
    providers: [News, NewsGateway],
    settings: { maxOutboxBytes: MAX_OUTBOX_BYTES },
  });
  news = kernel.app.get(News);
});

afterAll(() => kernel.close());

/** What the node holds for the one connection of `user`. */
function unsentBytes(user: string): number {
  const [connection] = kernel.app.get(ConnectionRegistry).ofUser(user);
  return (connection as unknown as { outbox: { unsentBytes: number } }).outbox.unsentBytes;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

async function follower(user: string): Promise<RawClient> {
  const client = await kernel.connect(user);
  await client.ask('news.follow');
  return client;
}

describe('a peer that does not read (T18)', () => {
  it('costs a bounded amount of memory, holds up nobody, and misses nothing when it reads again', async () => {
    const [slow, quick] = [await follower('slow'), await follower('quick')];
    slow.ws.pause();
    let most = 0;
    for (let n = 0; n < FRAMES; n++) {
      news.publish();
      if (n % 3 === 0) await turns(1);
      most = Math.max(most, unsentBytes('slow'));
    }
    const expected = Array.from({ length: FRAMES }, (_, at) => at + 1);
    const received = await quick.takeMany(FRAMES);
    expect(received.map(({ data }) => data.position)).toEqual(expected);
    expect(most).toBeLessThanOrEqual(MAX_OUTBOX_BYTES);
    slow.ws.resume();
    const late = await slow.takeMany(FRAMES);
    expect(late.map(({ data }) => data.position)).toEqual(expected);
    await Promise.all([slow.close(), quick.close()]);
  });

  it('keeps only the last of each state', async () => {
    const slow = await follower('slow');
    slow.ws.pause();
    for (let n = 0; n < 1500; n++) {
      news.publish();
      news.topic.publishState('a', new OutboundFrame('state', { key: 'a', n }));
      news.topic.publishState('b', new OutboundFrame('state', { key: 'b', n }));
      if (n % 3 === 0) await turns(1);
    }
    slow.ws.resume();
    await slow.takeMany(1500, ({ event }) => event === 'news');
    await slow.take(({ event, data }) => event === 'state' && data.key === 'b' && data.n === 1499);
    const states = slow.frames.filter(({ event }) => event === 'state');
    expect(states.length).toBeLessThan(2000);
    expect(states.filter(({ data }) => data.key === 'a').at(-1)?.data.n).toBe(1499);
    await slow.close();
  });

  it('gets no state of a topic that it has left', async () => {
    const slow = await follower('slow');
    slow.ws.pause();
    const large = 'z'.repeat(MAX_OUTBOX_BYTES - 1000);
    for (let n = 0; n < 200; n++) {
      news.topic.publishState(`key ${n}`, new OutboundFrame('state', { n, large }));
      await turns(1);
    }
    const [connection] = kernel.app.get(ConnectionRegistry).ofUser('slow');
    if (connection === undefined) throw new Error('the follower is not connected');
    news.topic.unsubscribe(connection, news.topic.position, new OutboundFrame('left', {}));
    slow.ws.resume();
    await slow.take(({ event }) => event === 'left');
    const states = slow.frames.filter(({ event }) => event === 'state').length;
    for (let n = 0; n < 20; n++) await slow.ask('news.large', { count: 1 });
    expect(states).toBeLessThan(200);
    expect(slow.frames.filter(({ event }) => event === 'state')).toHaveLength(states);
    await slow.close();
  });

  it('gets no more of its requests started than it has read answers', async () => {
    const slow = await follower('slow');
    slow.ws.pause();
    for (let id = 0; id < 200; id++) slow.send({ event: 'news.large', id, data: { count: 60_000 } });
    let most = 0;
    for (let n = 0; n < 300; n++) {
      await turns(1);
      most = Math.max(most, unsentBytes('slow'));
    }
    expect(most).toBeLessThan(MAX_OUTBOX_BYTES + 70_000);
    slow.ws.resume();
    const answers = await slow.takeMany(200, ({ event }) => event === 'news.large');
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, id) => id));
    await slow.close();
  });
});

describe('a socket that is not read', () => {
  it('stops being read above 64 waiting requests, and goes on later', async () => {
    const client = await follower('eager');
    const sent = 20_000;
    for (let id = 0; id < sent; id++) client.send({ event: 'news.large', id, data: { count: 1 } });
    const answers = await client.takeMany(sent, ({ event }) => event === 'news.large');
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: sent }, (_, id) => id));
    await client.close();
  }, 60_000);
});
