import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { IsInt, IsString } from 'class-validator';
import {
  Appending,
  Caller,
  type Connection,
  CurrentConnection,
  forbidden,
  Ordered,
  RealtimeGateway,
  type UserActor,
} from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import type { RawClient } from '../support/raw-client.js';

class Numbered {
  @IsInt()
  n!: number;
}

class InRoom extends Numbered {
  @IsString()
  roomId!: string;
}

/** What a test lets go, by name. */
const gates = new Map<string, () => void>();
const started: number[] = [];

function gate(name: string): Promise<void> {
  return new Promise((resolve) => gates.set(name, resolve));
}

@RealtimeGateway('work')
class WorkGateway {
  @SubscribeMessage('work.whoami')
  whoami(@Caller() actor: UserActor, @CurrentConnection() connection: Connection) {
    return { userId: actor.userId, connectionId: connection.id };
  }

  @SubscribeMessage('work.jitter')
  async jitter(@MessageBody() { n }: Numbered) {
    started.push(n);
    await new Promise((resolve) => {
      setTimeout(resolve, (n * 7) % 5);
    });
    return { n };
  }

  @SubscribeMessage('work.wait')
  async wait(@MessageBody() { n }: Numbered) {
    started.push(n);
    await gate(`wait ${n}`);
    return { n };
  }

  @Ordered('none')
  @SubscribeMessage('work.slow')
  async slow(@MessageBody() { n }: Numbered) {
    await gate(`slow ${n}`);
    return { n };
  }

  @Ordered('room')
  @SubscribeMessage('work.append')
  append(@MessageBody() { n }: InRoom) {
    started.push(n);
    return new Appending(
      Promise.resolve(),
      gate(`commit ${n}`).then(() => ({ n })),
    );
  }

  @SubscribeMessage('work.refuse')
  refuse() {
    throw forbidden('not you');
  }

  @SubscribeMessage('work.break')
  break(): object {
    throw new Error('secret detail');
  }

  @SubscribeMessage('work.nothing')
  nothing(@ConnectedSocket() _client: object): void {}
}

let kernel: KernelApp;
let client: RawClient;

beforeAll(async () => {
  kernel = await KernelApp.start({ providers: [WorkGateway], settings: { handlerTimeoutMs: 300 } });
  client = await kernel.connect('ann');
});

afterAll(() => kernel.close());

describe('answers', () => {
  it('reply with the event, the id and data', async () => {
    const reply = await client.ask('work.whoami', {}, 7);
    expect(reply).toEqual({
      event: 'work.whoami',
      id: 7,
      data: { userId: 'ann', connectionId: expect.any(String) },
    });
  });

  it('reply without an id when the request had none', async () => {
    client.send({ event: 'work.whoami' });
    const reply = await client.take(({ event }) => event === 'work.whoami');
    expect(reply).not.toHaveProperty('id');
  });

  it('reply with an empty object when a handler returns nothing', async () => {
    expect((await client.ask('work.nothing')).data).toEqual({});
  });

  it('tell a refusal with its code and safe message', async () => {
    expect(await client.ask('work.refuse', {}, 'r')).toEqual({
      event: 'exception',
      id: 'r',
      data: { status: 'error', code: 'FORBIDDEN', message: 'not you', event: 'work.refuse' },
    });
  });

  it('tell nothing of a fault of ours but a reference (T24)', async () => {
    const failure = await client.ask('work.break');
    expect(failure.data).toMatchObject({
      code: 'INTERNAL',
      message: 'internal error',
      ref: expect.any(String),
    });
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  it('refuse an unknown event', async () => {
    const failure = await client.ask('work.unheard');
    expect(failure.data).toEqual({ status: 'error', code: 'UNKNOWN_EVENT', message: 'unknown event' });
  });

  it.each([
    ['another type', { n: 'one' }, 'n'],
    ['an unknown property', { n: 1, extra: true }, 'extra'],
    ['an array', [1], ''],
    ['null', null, ''],
    ['a string', 'n', ''],
  ])('refuse data that is %s, with the path', async (_, data, path) => {
    const failure = await client.ask('work.jitter', data);
    expect(failure.data).toMatchObject({
      code: 'VALIDATION_FAILED',
      event: 'work.jitter',
      details: [{ path, message: expect.any(String) }],
    });
  });

  it('refuse data where a handler takes none', async () => {
    const failure = await client.ask('work.whoami', { surprise: 1 });
    expect(failure.data).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path: 'surprise' }] });
  });

  it('are UNKNOWN when a handler takes too long, once', async () => {
    const failure = await client.ask('work.wait', { n: 900 }, 'late');
    expect(failure.data).toMatchObject({ code: 'UNKNOWN', ref: expect.any(String) });
    gates.get('wait 900')?.();
    await client.ask('work.whoami');
    expect(client.frames.filter(({ id }) => id === 'late')).toEqual([]);
  });
});

describe('order', () => {
  it('is that of arrival under load', async () => {
    started.length = 0;
    const ids = Array.from({ length: 300 }, (_, n) => n);
    for (const n of ids) client.send({ event: 'work.jitter', id: n, data: { n } });
    const replies = await client.takeMany(300, ({ event }) => event === 'work.jitter');
    expect(replies.map(({ id }) => id)).toEqual(ids);
    expect(started).toEqual(ids);
  });

  it('lets appends overlap, and answers those of a room in turn', async () => {
    started.length = 0;
    for (const n of [1, 2, 3]) client.send({ event: 'work.append', id: `a${n}`, data: { n, roomId: 'r' } });
    await until(() => started.length === 3);
    gates.get('commit 3')?.();
    gates.get('commit 2')?.();
    await settle();
    expect(client.frames).toEqual([]);
    gates.get('commit 1')?.();
    const replies = await client.takeMany(3);
    expect(replies.map(({ id }) => id)).toEqual(['a1', 'a2', 'a3']);
  });

  it('answers the appends of different rooms as they are committed', async () => {
    client.send({ event: 'work.append', id: 'x', data: { n: 11, roomId: 'x' } });
    client.send({ event: 'work.append', id: 'y', data: { n: 12, roomId: 'y' } });
    await until(() => gates.has('commit 12'));
    gates.get('commit 12')?.();
    expect((await client.take()).id).toBe('y');
    gates.get('commit 11')?.();
    expect((await client.take()).id).toBe('x');
  });

  it('holds any other request until earlier appends are answered', async () => {
    client.send({ event: 'work.append', id: 'append', data: { n: 21, roomId: 'r' } });
    client.send({ event: 'work.whoami', id: 'read' });
    await until(() => gates.has('commit 21'));
    await settle();
    expect(client.frames).toEqual([]);
    gates.get('commit 21')?.();
    expect((await client.takeMany(2)).map(({ id }) => id)).toEqual(['append', 'read']);
  });

  it('holds an append behind an earlier request that is no append', async () => {
    started.length = 0;
    client.send({ event: 'work.wait', id: 'first', data: { n: 31 } });
    client.send({ event: 'work.append', id: 'second', data: { n: 32, roomId: 'r' } });
    await until(() => gates.has('wait 31'));
    await settle();
    expect(started).toEqual([31]);
    gates.get('wait 31')?.();
    await until(() => gates.has('commit 32'));
    gates.get('commit 32')?.();
    expect((await client.takeMany(2)).map(({ id }) => id)).toEqual(['first', 'second']);
  });

  it('is not kept by what declares none', async () => {
    client.send({ event: 'work.slow', id: 'slow', data: { n: 41 } });
    expect((await client.ask('work.whoami', {}, 'quick')).id).toBe('quick');
    gates.get('slow 41')?.();
    expect((await client.take()).id).toBe('slow');
  });

  it('of one connection does not hold up another', async () => {
    const other = await kernel.connect('bob');
    client.send({ event: 'work.wait', id: 'held', data: { n: 51 } });
    expect((await other.ask('work.whoami')).data).toMatchObject({ userId: 'bob' });
    gates.get('wait 51')?.();
    await client.take(({ id }) => id === 'held');
    await other.close();
  });
});

describe('bad frames', () => {
  it.each([
    ['no JSON', '{"event":'],
    ['an array', '[]'],
    ['null', 'null'],
    ['without an event', '{}'],
    ['with an empty event', '{"event":""}'],
    ['with an event of another type', '{"event":1}'],
    ['with an id of another type', '{"event":"work.whoami","id":{}}'],
    ['with a null id', '{"event":"work.whoami","id":null}'],
    ['with __proto__', '{"event":"work.whoami","data":{"__proto__":{"polluted":1}}}'],
    ['with constructor deep down', '{"event":"work.whoami","data":{"a":[{"constructor":1}]}}'],
    ['nested too deep', `{"event":"work.whoami","data":{"a":${'['.repeat(7)}${']'.repeat(7)}}}`],
    ['64 KiB of brackets', '['.repeat(65_000)],
  ])('%s are BAD_FRAME', async (_, text) => {
    const other = await kernel.connect('bob');
    other.send(text);
    const failure = await other.take();
    expect(failure).toMatchObject({ event: 'exception', data: { code: 'BAD_FRAME' } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await other.close();
  });

  it('are answered with their id when it could be read', async () => {
    client.send('{"id":"lost"}');
    expect(await client.take()).toMatchObject({ id: 'lost', data: { code: 'BAD_FRAME' } });
  });

  it('take what is nested just as deep as is allowed', async () => {
    client.send(`{"event":"work.jitter","id":"deep","data":{"n":1,"a":${'['.repeat(6)}${']'.repeat(6)}}}`);
    expect((await client.take()).data).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('close with 4400 after ten', async () => {
    const other = await kernel.connect('bob');
    for (let n = 0; n < 10; n++) other.send('bad');
    expect(await other.closed).toEqual({ code: 4400, reason: '' });
    expect(other.frames).toHaveLength(10);
  });

  it('in binary close with 1003', async () => {
    const other = await kernel.connect('bob');
    other.ws.send(Buffer.from('{"event":"work.whoami"}'));
    expect((await other.closed).code).toBe(1003);
  });

  it('too large close with 1009', async () => {
    const other = await kernel.connect('bob');
    other.ws.send('x'.repeat(65_537));
    expect((await other.closed).code).toBe(1009);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 2000) throw new Error('it never came to that');
    await settle();
  }
}

/** Lets everything that is on its way between the two ends arrive. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}
