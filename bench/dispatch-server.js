/** One server of `dispatch.js`: `stock` or `parley`, driven by messages of the parent process. */
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

const EVENTS = ['one', 'two', 'three', 'four', 'five'];
const WARM_UP = 30_000;
const COUNT = 60_000;
const BATCH = 32;

const gateways = ['a', 'b', 'c'].map(gatewayOf);
const start = process.argv[2] === 'stock' ? startStock : startParley;
const { app, sockets } = await start();
let heapBefore = 0;
let openBefore = 0;

process.on('message', async (question) => {
  if (question === 'exit') process.exit(0);
  if (question === 'before') await remember();
  if (question === 'idle') process.send(await heapOfOne());
  if (question === 'dispatch') process.send(await costOfOne());
});
process.send(app.getHttpServer().address().port);

/** A gateway as Nest documents it; its decorators are applied by hand, for this file is plain JavaScript. */
function gatewayOf(prefix) {
  class Gateway {}
  for (const event of EVENTS) {
    Gateway.prototype[event] = function reply(body) {
      return { event: `${prefix}.${event}`, data: { n: body.n } };
    };
    const descriptor = Object.getOwnPropertyDescriptor(Gateway.prototype, event);
    MessageBody()(Gateway.prototype, event, 0);
    Reflect.defineMetadata('design:paramtypes', [Object], Gateway.prototype, event);
    SubscribeMessage(`${prefix}.${event}`)(Gateway.prototype, event, descriptor);
  }
  WebSocketGateway({ path: '/ws' })(Gateway);
  return Gateway;
}

async function startStock() {
  class AppModule {}
  Module({ providers: gateways })(AppModule);
  const application = await NestFactory.create(AppModule, { logger: false });
  const adapter = new WsAdapter(application);
  const servers = [];
  const create = adapter.create.bind(adapter);
  adapter.create = (...args) => {
    const server = create(...args);
    servers.push(server);
    return server;
  };
  application.useWebSocketAdapter(adapter);
  await application.listen(0, '127.0.0.1');
  return { app: application, sockets: () => servers.flatMap(({ clients }) => [...clients]) };
}

async function startParley() {
  const compiled = pathToFileURL(process.env.PARLEY_COMPILED_DIR).href;
  const { AuthorizesUpgrades, RealtimeGateway, RealtimeModule, useRealtime, ConnectionRegistry } =
    await import(`${compiled}/src/realtime/index.js`);
  class HeaderGuard {
    canActivate(context) {
      const request = context.switchToHttp().getRequest();
      request.principal = { userId: request.headers['x-user'], sessionId: 's', expiresAtMs: null };
      return true;
    }
  }
  class Door {
    authorizeUpgrade() {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Door.prototype, 'authorizeUpgrade');
  AuthorizesUpgrades('every-path')(Door.prototype, 'authorizeUpgrade', descriptor);
  UseGuards(HeaderGuard)(Door.prototype, 'authorizeUpgrade', descriptor);
  RealtimeGateway('door')(Door);
  class AppModule {}
  Module({ imports: [RealtimeModule.forRoot(settings())], providers: [Door, HeaderGuard, ...gateways] })(
    AppModule,
  );
  const application = await NestFactory.create(AppModule, { logger: false });
  useRealtime(application);
  await application.listen(0, '127.0.0.1');
  const registry = application.get(ConnectionRegistry);
  return { app: application, sockets: () => [...registry.all()].map(({ ws }) => ws) };
}

function settings() {
  return {
    maxConnections: 1e6,
    maxConnectionsPerUser: 20,
    maxFrameBytes: 65_536,
    maxOutboxBytes: 262_144,
    maxAnswerBytes: 262_144,
    handlerTimeoutMs: 30_000,
    heartbeatMs: 25_000,
    framesPerSecond: 0,
    upgradesPerSecond: 0,
    allowedOrigins: [],
    publicUrl: null,
    trustedProxies: [],
    drainDelayMs: 0,
    drainMs: 1000,
    isCompressionEnabled: false,
    translateError: () => undefined,
  };
}

async function remember() {
  await delay(500);
  openBefore = sockets().length;
  heapBefore = heap();
  process.send('ready');
}

async function heapOfOne() {
  await delay(1000);
  return Math.round((heap() - heapBefore) / (sockets().length - openBefore));
}

function heap() {
  for (let round = 0; round < 3; round += 1) global.gc();
  return process.memoryUsage().heapUsed;
}

/** CPU time from the message's event to the answer's write, in µs; the socket's write itself is left out. */
async function costOfOne() {
  await delay(500);
  const [ws] = sockets();
  const answers = sinkOf(ws._socket);
  const message = Buffer.from('{"event":"c.five","id":1,"data":{"n":1}}');
  await dispatch(ws, { message, answers, count: WARM_UP });
  const before = process.cpuUsage();
  await dispatch(ws, { message, answers, count: COUNT });
  const { user, system } = process.cpuUsage(before);
  return Number(((user + system) / COUNT).toFixed(2));
}

/** Takes what a socket would write, and counts the frames in it. */
function sinkOf(socket) {
  const answers = { count: 0 };
  socket.write = (chunk, encoding, callback) => {
    if (Buffer.isBuffer(chunk)) answers.count += framesIn(chunk);
    const done = typeof encoding === 'function' ? encoding : callback;
    done?.();
    return true;
  };
  socket.cork = () => undefined;
  socket.uncork = () => undefined;
  return answers;
}

/** Text frames in one write, each with its header: short, or of two or eight bytes of length. */
function framesIn(chunk) {
  let count = 0;
  for (let at = 0; at < chunk.length && chunk[at] === 0x81; count += 1) {
    const short = chunk[at + 1];
    if (short < 126) at += 2 + short;
    else at += short === 126 ? 4 + chunk.readUInt16BE(at + 2) : 10 + Number(chunk.readBigUInt64BE(at + 2));
  }
  return count;
}

async function dispatch(ws, { message, answers, count }) {
  const target = answers.count + count;
  for (let sent = 0; sent < count; sent += BATCH) {
    for (let at = 0; at < Math.min(BATCH, count - sent); at += 1) ws.emit('message', message, false);
    while (answers.count < target - count + Math.min(sent + BATCH, count)) await new Promise(setImmediate);
  }
}
