import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { dial, end, frame, handshake, open, post, write } from './sockets.js';

const PING = 0x89;
const TEXT_BEGUN = 0x01;
const CONTINUATION = 0x00;

/**
 * What hostile clients do. Each has a target `{host, port, localAddress, token, roomId, ownRoomId, victims}` and goes on
 * until its run has no further round.
 */
export const ATTACKS = {
  'upgrade flood': (target, run) => workers(40, run, () => floodUpgrades(target, run)),
  'slow headers': slowHeaders,
  'ping flood': (target, run) => workers(4, run, () => floodPings(target, run)),
  'fragment bombs': (target, run) => workers(4, run, () => bombWithFragments(target, run)),
  'giant lengths': (target, run) => workers(4, run, () => announceGiants(target, run)),
  'never reading': neverReading,
  'login guessing': (target, run) => workers(10, run, () => guess(target, run)),
  'message flood': (target, run) => workers(4, run, () => floodMessages(target, run)),
  'bad frames': (target, run) => workers(4, run, () => sendBadFrames(target, run)),
};

async function workers(count, run, round) {
  const work = async () => {
    while (run.take()) await round();
  };
  await Promise.all(Array.from({ length: count }, work));
}

/** Every third hangs up with a reset while it is being looked at. */
async function floodUpgrades(target, run) {
  if (run.round % 3 === 0) {
    const socket = dial(target);
    await write(
      socket,
      handshake(target, [`Authorization: Bearer ${randomBytes(32).toString('base64url')}`]),
    );
    socket.resetAndDestroy();
    run.count('reset');
    return;
  }
  const socket = await open(target, run, randomBytes(200).toString('base64url'));
  socket?.destroy();
}

async function slowHeaders(target, run) {
  const begin = () => {
    const socket = dial(target);
    socket.write(`GET /ws HTTP/1.1\r\nHost: ${target.host}\r\nX-Slow: `);
    socket.on('close', () => run.count('cut'));
    return socket;
  };
  let sockets = Array.from({ length: 200 }, begin);
  while (run.take()) {
    for (const socket of sockets) if (!socket.destroyed) socket.write('a');
    await sleep(100);
    sockets = sockets.map((socket) => (socket.destroyed ? begin() : socket));
  }
  for (const socket of sockets) socket.destroy();
}

async function floodPings(target, run) {
  const socket = await open(target, run);
  if (!socket) return;
  socket.pause();
  const pings = Buffer.concat(Array(1000).fill(frame(Buffer.alloc(125), { first: PING })));
  while (run.take() && (await write(socket, pings)));
  await end(socket, run, 500);
}

async function bombWithFragments(target, run) {
  const socket = await open(target, run);
  if (!socket) return;
  const empty = Array(20_000).fill(frame('', { first: CONTINUATION }));
  socket.write(Buffer.concat([frame('{', { first: TEXT_BEGUN }), ...empty]));
  await end(socket, run);
}

async function announceGiants(target, run) {
  const socket = await open(target, run);
  if (!socket) return;
  const lengths = [2n ** 31n, 2n ** 53n - 1n, 2n ** 63n - 1n, 65_537n];
  socket.write(frame(Buffer.alloc(1000), { announced: lengths[run.round % lengths.length] }));
  await end(socket, run);
}

/** Members of the good clients' room who ask for much and read nothing. */
async function neverReading(target, run) {
  const sockets = [];
  const history = JSON.stringify({ event: 'message.history', data: { roomId: target.roomId, limit: 100 } });
  while (run.take()) {
    if (sockets.length < 10) {
      const socket = await open(target, run);
      if (socket) sockets.push(socket.pause());
    }
    for (const socket of sockets) socket.write(frame(history));
    await sleep(50);
  }
  for (const socket of sockets) {
    run.count(socket.destroyed ? 'cut' : 'held');
    socket.destroy();
  }
}

async function guess(target, run) {
  const username = target.victims[run.round % target.victims.length];
  const answer = await post(target, '/auth/login', { username, password: randomBytes(9).toString('base64') });
  run.count(String(answer.status));
}

async function floodMessages(target, run) {
  const socket = await open(target, run);
  if (!socket) return;
  socket.on('data', () => undefined);
  const data = { roomId: target.ownRoomId, text: 'x'.repeat(200) };
  let sent = 0;
  const batch = () =>
    Buffer.concat(
      Array.from({ length: 200 }, () => {
        sent += 1;
        const clientId = `${process.pid}-${run.round}-${sent}`;
        return frame(JSON.stringify({ event: 'message.send', id: sent, data: { ...data, clientId } }));
      }),
    );
  while (run.take() && (await write(socket, batch())));
  await end(socket, run, 500);
}

const BAD_FRAMES = [
  frame('{'),
  frame('[1,2]'),
  frame('{"event":"a","data":{"__proto__":{}}}'),
  frame(`${'['.repeat(60_000)}`),
  frame(Buffer.of(0xff, 0xfe)),
  frame('x', { first: 0x82 }),
  frame('x', { first: 0xf1 }),
  frame('x', { first: 0x83 }),
  frame('', { first: CONTINUATION }),
  Buffer.of(0x81, 1, 0x78),
  randomBytes(512),
];

/** Twelve of a kind: those that do not end a connection alone do so together. */
async function sendBadFrames(target, run) {
  const socket = await open(target, run);
  if (!socket) return;
  const bad = BAD_FRAMES[run.round % BAD_FRAMES.length];
  socket.write(Buffer.concat(Array(12).fill(bad)));
  await end(socket, run, 1000);
}
