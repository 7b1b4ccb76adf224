import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type WsResponse,
} from '@nestjs/websockets';
import { from, map, type Observable, of, Subject } from 'rxjs';
import type { Server, WebSocket } from 'ws';
import { KernelApp } from '../support/kernel-app.js';
import { RawClient } from '../support/raw-client.js';

const calls: string[] = [];
let ticks = new Subject<number>();

/** As a team that knows Nest's documentation writes it. */
@WebSocketGateway()
class EventsGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer()
  server!: Server;

  afterInit(server: Server): void {
    calls.push(`init ${typeof server.clients}`);
  }

  async handleConnection(client: WebSocket, request: { url?: string }): Promise<void> {
    await sleep(5);
    calls.push(`connected ${client.readyState} ${request.url}`);
  }

  async handleDisconnect(): Promise<void> {
    await sleep(1);
    calls.push('disconnected');
    throw new Error('nobody waits for this');
  }

  @SubscribeMessage('events')
  findAll(@MessageBody() data: number): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((n) => ({ event: 'events', data: n * data })));
  }

  @SubscribeMessage('identity')
  async identity(@MessageBody() data: unknown): Promise<unknown> {
    await sleep(1);
    return data;
  }

  @SubscribeMessage('prop')
  prop(@MessageBody('id') id: number, @ConnectedSocket() client: WebSocket): WsResponse {
    return { event: 'prop-answer', data: { id, isOpen: client.readyState === client.OPEN } };
  }

  @SubscribeMessage('undecorated')
  undecorated(client: WebSocket, data: string): string {
    client.send(JSON.stringify({ event: 'before', data: {} }));
    return data.toUpperCase();
  }

  @SubscribeMessage('silent')
  silent(): void {}

  @SubscribeMessage('empty')
  empty(): Observable<never> {
    return of();
  }

  @SubscribeMessage('ticks')
  ticks(): Observable<number> {
    return ticks;
  }

  @SubscribeMessage('circular')
  circular(): object {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    return circle;
  }

  @SubscribeMessage('big')
  big(): Observable<unknown> {
    return from([{ n: 1 }, { n: 1n }, { n: 3 }]);
  }

  @SubscribeMessage('broadcast')
  broadcast(@MessageBody() text: string): void {
    for (const client of this.server.clients) client.send(JSON.stringify({ event: 'all', data: { text } }));
  }

  @SubscribeMessage('close')
  close(client: WebSocket, [code, reason]: [number, string]): void {
    client.close(code, reason);
  }
}

@WebSocketGateway({ path: '/other' })
class OtherGateway {
  @WebSocketServer()
  server!: Server;

  afterInit(server: Server): void {
    server.on('connection', (client) => client.send(JSON.stringify({ event: 'greeting', data: {} })));
  }

  @SubscribeMessage('events')
  events(): object {
    return { other: true };
  }

  @SubscribeMessage('only-here')
  onlyHere(): object {
    return {};
  }
}

@WebSocketGateway({ path: 'first' })
class SlowGreeter implements OnGatewayConnection, OnGatewayDisconnect {
  async handleConnection(): Promise<void> {
    calls.push('slow greeting');
    await sleep(30);
    calls.push('slow greeted');
  }

  handleDisconnect(): void {
    calls.push('slow farewell');
  }
}

@WebSocketGateway({ path: 'first' })
class SecondGreeter implements OnGatewayConnection, OnGatewayDisconnect {
  handleConnection(): void {
    calls.push('second greeting');
  }

  handleDisconnect(): void {
    calls.push('second farewell');
  }
}

@WebSocketGateway({ path: '/unwelcome' })
class UnwelcomingGateway implements OnGatewayConnection {
  handleConnection(): void {
    throw new Error('secret detail');
  }
}

let kernel: KernelApp;
let client: RawClient;

beforeAll(async () => {
  const gateways = [EventsGateway, OtherGateway, SlowGreeter, SecondGreeter, UnwelcomingGateway];
  kernel = await KernelApp.start({ providers: gateways });
  client = await kernel.connect('ann');
});

afterAll(() => kernel.close());

describe('a plain gateway', () => {
  it('answers with its values, the first with the id and the others as pushes', async () => {
    client.send({ event: 'events', id: 'e', data: 10 });
    expect(await client.takeMany(3)).toEqual([
      { event: 'events', id: 'e', data: 10 },
      { event: 'events', data: 20 },
      { event: 'events', data: 30 },
    ]);
  });

  it.each([['text'], [0], [false], [''], [[1, [2]]], [{ a: 1 }]])(
    'takes %j and gives it back',
    async (data) => {
      expect(await client.ask('identity', data, 'i')).toEqual({ event: 'identity', id: 'i', data });
    },
  );

  it('takes one property, and chooses the event of its answer', async () => {
    const answer = await client.ask('prop', { id: 5, more: 'is left alone' }, 'p');
    expect(answer).toEqual({ event: 'prop-answer', id: 'p', data: { id: 5, isOpen: true } });
  });

  it('takes client and data undecorated, and what it sends keeps its order with answers', async () => {
    for (const n of [1, 2]) client.send({ event: 'undecorated', id: n, data: `n${n}` });
    const taken = await client.takeMany(4);
    expect(taken.map(({ event, data }) => [event, data])).toEqual([
      ['before', {}],
      ['undecorated', 'N1'],
      ['before', {}],
      ['undecorated', 'N2'],
    ]);
  });

  it.each(['silent', 'empty'])('%s is answered only if the frame had an id', async (event) => {
    client.send({ event });
    expect(await client.ask(event, undefined, 's')).toEqual({ event, id: 's', data: {} });
    expect(client.frames).toEqual([]);
  });

  it('is found at /ws, and its events nowhere else', async () => {
    const other = await RawClient.open(kernel.url('/other'), { headers: { 'x-user': 'bob' } });
    expect((await other.take()).event).toBe('ready');
    expect((await other.take()).event).toBe('greeting');
    expect((await other.ask('events')).data).toEqual({ other: true });
    expect((await other.ask('identity', {})).data).toMatchObject({ code: 'UNKNOWN_EVENT' });
    expect((await client.ask('only-here')).data).toMatchObject({ code: 'UNKNOWN_EVENT' });
    await other.close();
  });

  it('stands behind the same front door on its own path', async () => {
    await expect(RawClient.open(kernel.url('/other'))).rejects.toMatchObject({ status: 401 });
  });

  it('broadcasts to the clients of its path', async () => {
    const [near, far] = [await kernel.connect('bob'), await kernel.connect('cy', '/other')];
    client.send({ event: 'broadcast', data: 'hello' });
    for (const one of [near, client])
      expect(await one.take()).toEqual({ event: 'all', data: { text: 'hello' } });
    await far.take(({ event }) => event === 'greeting');
    await far.ask('events');
    expect(far.frames).toEqual([]);
    await Promise.all([near.close(), far.close()]);
  });

  it('closes a client with its own code', async () => {
    const other = await kernel.connect('bob');
    other.send({ event: 'close', data: [4711, 'enough'] });
    expect(await other.closed).toEqual({ code: 4711, reason: 'enough' });
  });

  it.each([
    [1005, ''],
    [99, ''],
    [4711, 'x'.repeat(124)],
  ])(
    'that closes with %i and a reason that cannot be sent has a fault, and its client lives',
    async (code, reason) => {
      const other = await kernel.connect('bob');
      expect((await other.ask('close', [code, reason])).data).toMatchObject({ code: 'INTERNAL' });
      expect((await other.ask('identity', 1)).data).toBe(1);
      await other.close();
    },
  );
});

describe('an Observable', () => {
  beforeEach(() => {
    ticks = new Subject();
  });

  it('without an end is left when its client goes', async () => {
    const other = await kernel.connect('bob');
    for (const id of ['a', 'b']) other.send({ event: 'ticks', id });
    await until(() => ticks.observed);
    ticks.next(7);
    expect((await other.take()).data).toBe(7);
    await other.close();
    await until(() => !ticks.observed);
  });

  it('costs its connection no listener once it has ended', async () => {
    const other = await kernel.connect('bob');
    const [connection] = [...serverClients()].slice(-1);
    const before = connection?.connection.ws.listenerCount('close');
    for (let n = 0; n < 30; n++) {
      ticks = new Subject();
      const asked = other.ask('ticks');
      await until(() => ticks.observed);
      ticks.next(n);
      ticks.complete();
      await asked;
    }
    expect(connection?.connection.ws.listenerCount('close')).toBeLessThanOrEqual((before ?? 0) + 1);
    await other.close();
  });

  it('that fails after its first value says so, without the detail', async () => {
    const asked = client.ask('ticks', undefined, 'f');
    await until(() => ticks.observed);
    ticks.next(1);
    await asked;
    ticks.error(new Error('secret detail'));
    const failure = await client.take();
    expect(failure).toMatchObject({ event: 'exception', data: { code: 'INTERNAL', event: 'ticks' } });
    expect(failure).not.toHaveProperty('id');
    expect(JSON.stringify(failure)).not.toContain('secret');
  });
});

describe('what cannot be written as JSON', () => {
  it('is a fault of ours as an answer', async () => {
    expect((await client.ask('circular')).data).toMatchObject({ code: 'INTERNAL', ref: expect.any(String) });
  });

  it('is one as a later value too, and those after it still come', async () => {
    client.send({ event: 'big', id: 'b' });
    const taken = await client.takeMany(3);
    expect(taken).toMatchObject([{ id: 'b', data: { n: 1 } }, { event: 'exception' }, { data: { n: 3 } }]);
  });
});

describe('the hooks', () => {
  it('run once a connection, awaited before its first request', async () => {
    expect(calls[0]).toBe('init object');
    calls.length = 0;
    const other = await RawClient.open(kernel.url('/ws?x=1'), { headers: { 'x-user': 'bob' } });
    other.send({ event: 'identity', id: 1, data: 1 });
    await other.take(({ id }) => id === 1);
    expect(calls).toEqual(['connected 1 /ws?x=1']);
    await other.close();
    await until(() => calls.includes('disconnected'));
  });

  it('that throw while greeting close with 1011, after ready', async () => {
    const other = await RawClient.open(kernel.url('/unwelcome'), { headers: { 'x-user': 'bob' } });
    expect(await other.closed).toEqual({ code: 1011, reason: '' });
    expect(other.frames.map(({ event }) => event)).toEqual(['ready']);
  });

  it('say farewell after the greeting has ended, to those that greeted', async () => {
    calls.length = 0;
    const other = await kernel.connect('bob', '/first');
    await until(() => calls.includes('slow greeting'));
    other.ws.terminate();
    await until(() => calls.includes('slow farewell'));
    await sleep(20);
    expect(calls).toEqual(['slow greeting', 'slow greeted', 'slow farewell']);
  });
});

interface ServerClient {
  readonly connection: { readonly ws: WebSocket };
}

function serverClients(): Set<ServerClient> {
  return kernel.app.get(EventsGateway).server.clients as unknown as Set<ServerClient>;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 1000) throw new Error(`it never came to that: ${calls.join(', ')}`);
    await sleep(2);
  }
}
