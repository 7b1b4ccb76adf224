/**
 * What 1,000 joins within a second cost a room of 2,000 members, 200 of them connected (or as many as the first argument
 * says): with an event for each join, and gathered. The listeners are a process of their own; the CPU time is the service's.
 * One command, about a minute: node bench/large-rooms.js
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';

const MEMBERS = 2000;
const LISTENERS = Number(process.argv[2] ?? 200);
const JOINS = 1000;
/** Joins arrive in portions. */
const PORTIONS = 40;
const PORTION_MS = 25;
/** Both ways are measured this often, in turn; medians count. */
const ROUNDS = 3;

if (process.send) listen();
else await compare();

async function compare() {
  const { default: compile } = await import('../test/support/compile.js');
  await compile();
  const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
  const parts = {
    ...(await import(`${source}/testing/start-server.js`)),
    ...(await import(`${source}/features/chat/log/index.js`)),
    ...(await import(`${source}/realtime/index.js`)),
    ...(await import(`${source}/storage/index.js`)),
  };
  const [apart, gathered] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    apart.push(await measure(parts, '10000000'));
    gathered.push(await measure(parts, '1000'));
  }
  const [one, other] = [medians(apart), medians(gathered)];
  const ratio = Object.fromEntries(Object.keys(one).map((key) => [key, round1(one[key] / other[key])]));
  console.table({ 'an event each': one, gathered: other, ratio });
  process.exit(0);
}

async function measure(parts, largeRoomMembers) {
  const env = { LARGE_ROOM_MEMBERS: largeRoomMembers, LOG_LEVEL: 'error', RATE_SENDS_PER_S: '0' };
  const server = await parts.startServer({ env });
  try {
    const room = await openRoom(parts, server);
    const listeners = await connect(server, room.tokens);
    const before = process.cpuUsage();
    const started = performance.now();
    const waited = await joinAll(parts, server.get(parts.LogWriter), room.roomId);
    const { owner, roomId } = room;
    const last = await owner.request('message.send', { roomId, text: 'last', clientId: parts.newId() });
    const heard = await listeners.until(last.message.seq);
    const { user, system } = process.cpuUsage(before);
    listeners.end();
    return {
      events: last.message.seq - MEMBERS - 1,
      'frames to each': round1(heard.frames / LISTENERS),
      'KiB to each': round1(heard.bytes / LISTENERS / 1024),
      'CPU ms': Math.round((user + system) / 1000),
      'ms until all heard': Math.round(performance.now() - started),
      'ms that a join waited': Math.round(waited / JOINS),
    };
  } finally {
    await server.close();
  }
}

/** A channel of its owner, the listeners, and users who are not connected: its head is its number of members. */
async function openRoom({ Database, appendStore, newId }, server) {
  const owner = await server.connect('owner');
  const names = Array.from({ length: LISTENERS }, (_, index) => `listener-${index}`);
  const users = await Promise.all(names.map(async (name) => server.user(name)));
  const others = Array.from({ length: MEMBERS - LISTENERS - 1 }, () => newId());
  const userIds = [...users.map(({ id }) => id), ...others];
  const [roomId, actorId] = [newId(), owner.ready.user.id];
  const creation = { change: 'create', roomId, actorId, kind: 'channel', name: null, topic: null };
  const store = server.get(Database).open(appendStore);
  const changes = [
    { ...creation, memberIds: [], areMembersKnown: true, clientId: null },
    { change: 'add', roomId, actorId, userIds },
  ];
  await store.append({ nowMs: Date.now(), changes });
  return { roomId, owner, tokens: users.map(({ accessToken }) => accessToken) };
}

/** Resolves with the sum of the milliseconds that they waited. */
async function joinAll({ newId }, writer, roomId) {
  const joins = [];
  const join = async () => {
    const asked = performance.now();
    await writer.submit({ change: 'join', roomId, actorId: newId() }).committed;
    return performance.now() - asked;
  };
  for (let portion = 0; portion < PORTIONS; portion += 1) {
    for (let index = 0; index < JOINS / PORTIONS; index += 1) joins.push(join());
    await new Promise((resolve) => setTimeout(resolve, PORTION_MS));
  }
  const waits = await Promise.all(joins);
  return waits.reduce((sum, wait) => sum + wait, 0);
}

/** Starts the listeners' process and waits until all of them are attached. */
async function connect({ url }, tokens) {
  const child = fork(fileURLToPath(import.meta.url));
  child.send({ url: url.replace(/^http/, 'ws'), tokens });
  await once(child, 'message');
  return {
    until: async (seq) => {
      child.send({ seq });
      const [heard] = await once(child, 'message');
      return heard;
    },
    end: () => child.kill(),
  };
}

/** The listeners' process: it counts what it hears, and looks into no frame but for the number of the last event. */
function listen() {
  const heard = { frames: 0, bytes: 0 };
  let [sockets, last, ready] = [[], Infinity, 0];
  const done = new Set();
  process.on('message', ({ url, tokens, seq }) => {
    if (seq !== undefined) {
      last = seq;
      for (const socket of sockets) check(socket);
      return;
    }
    sockets = tokens.map((token) => {
      const headers = { authorization: `Bearer ${token}` };
      const socket = new WebSocket(`${url}/ws`, { headers });
      socket.once('message', () => {
        ready += 1;
        socket.on('message', (data) => count(socket, data));
        if (ready === tokens.length) process.send({ ready });
      });
      return socket;
    });
  });

  function count(socket, data) {
    heard.frames += 1;
    heard.bytes += data.length;
    const [, seq = '0'] = /"seq":(\d+)/.exec(data.toString('latin1', 0, 200)) ?? [];
    socket.seq = Number(seq);
    check(socket);
  }

  function check(socket) {
    if (socket.seq >= last) done.add(socket);
    if (done.size === sockets.length && last !== Infinity) process.send({ ...heard });
  }
}

function medians(runs) {
  const middle = (key) => runs.map((run) => run[key]).sort((one, other) => one - other)[ROUNDS >> 1];
  return Object.fromEntries(Object.keys(runs[0]).map((key) => [key, middle(key)]));
}

function round1(value) {
  return Math.round(value * 10) / 10;
}
