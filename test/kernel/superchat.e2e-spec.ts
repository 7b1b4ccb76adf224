import { encode } from '@msgpack/msgpack';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Connection,
  CurrentConnection,
  OutboundFrame,
  RealtimeGateway,
  type RealtimeSettings,
  type Topic,
  Topics,
} from '../../src/realtime/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { KernelApp } from '../support/kernel-app.js';
import type { Frame, RawClient } from '../support/raw-client.js';

const RATE = 5;
const BURST = 2 * RATE;
const FLOOD = 10 * RATE;

@Injectable()
class News {
  readonly topic: Topic;

  constructor(topics: Topics) {
    this.topic = topics.create('news', 0, { read: () => Promise.resolve([]) });
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
}

/** A gateway as Nest documents it, which sends text. */
@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('say')
  say(@ConnectedSocket() client: { send(data: string): void }, @MessageBody() text: string) {
    client.send(text);
  }
}

let clock: ManualClock;
let kernel: KernelApp;
let client: RawClient;

async function start(settings: Partial<RealtimeSettings>): Promise<void> {
  clock = new ManualClock();
  kernel = await KernelApp.start({ providers: [News, NewsGateway, PlainGateway], settings, clock });
  client = await kernel.connect('ann', '/ws', ['superchat']);
}

afterEach(() => kernel.close());

const sendFrames = (frames: readonly unknown[]): void => client.ws.send(encode(frames));
const requests = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ event: 'say', id, data: '{"event":"said","data":{}}' }));
const codeOf = ({ event, data }: Frame): unknown => (event === 'exception' ? data['code'] : event);

describe('superchat', () => {
  it.each([false, true])(
    'brings all that is due in one turn in one message; compressed: %s',
    async (isCompressionEnabled) => {
      await start({ isCompressionEnabled });
      expect(client.ws.extensions).toBe(isCompressionEnabled ? 'permessage-deflate' : '');
      await client.ask('news.follow');
      const { topic } = kernel.app.get(News);
      const before = client.messages;
      for (let position = 1; position <= 100; position++)
        topic.publish(position, new OutboundFrame('news', { position }));
      const frames = await client.takeMany(100);
      expect(frames.map(({ data }) => data['position'])).toEqual(frames.map((_, at) => at + 1));
      expect(client.messages - before).toBe(1);
    },
  );

  it('brings what a plain gateway sends as JSON, and answers INTERNAL for what is none', async () => {
    await start({});
    const id = 'n';
    client.send({ event: 'say', id, data: '{"event":"said","data":{"n":1}}' });
    expect(await client.take(({ event }) => event === 'said')).toEqual({ event: 'said', data: { n: 1 } });
    await client.take((frame) => frame.id === id);
    expect(await client.ask('say', 'no JSON')).toMatchObject({ data: { code: 'INTERNAL' } });
  });

  it('counts every frame of a message for the rate, before any is read (T17)', async () => {
    await start({ framesPerSecond: RATE });
    sendFrames(requests(FLOOD + 500));
    const answers = await client.takeMany(FLOOD + BURST);
    const codes = answers.map(codeOf);
    expect(codes.filter((code) => code === 'said')).toHaveLength(BURST);
    expect(codes.filter((code) => code === 'say')).toHaveLength(BURST);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(FLOOD - BURST);
    expect(answers.every(({ id = 0 }) => Number(id) < FLOOD)).toBe(true);
    await clock.advance(1000);
    expect(codeOf(await client.ask('say', '{"event":"said","data":{}}'))).toBe('say');
  });

  it('closes with 4429 for a flood in few messages', async () => {
    await start({ framesPerSecond: RATE });
    for (let second = 1; second < 10; second++) {
      sendFrames(requests(FLOOD + 1));
      await client.take(({ id }) => id === FLOOD - 1);
      await clock.advance(1000);
    }
    sendFrames(requests(FLOOD + 1));
    await expect(client.closed).resolves.toMatchObject({ code: 4429 });
  });

  it('answers a bad frame for each bad element until ten have come, however many there are', async () => {
    await start({});
    sendFrames(Array.from({ length: 60_000 }, () => 0));
    await expect(client.closed).resolves.toMatchObject({ code: 4400 });
    expect(client.frames).toHaveLength(10);
  });
});
