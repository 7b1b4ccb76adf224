import { request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const REFUSED_PAUSE_MS = 50;

/** How long and how often an attack goes on, and what the service answered it. */
export class Run {
  counts = {};
  /** How many rounds were begun. */
  round = 0;
  #rounds;
  #endsAt;

  constructor({ seconds = Infinity, rounds = Infinity }) {
    this.#rounds = rounds;
    this.#endsAt = performance.now() + seconds * 1000;
  }

  /** Whether there is another round. */
  take() {
    return this.round++ < this.#rounds && performance.now() < this.#endsAt;
  }

  count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

/** A TCP connection from the attacker's own address. */
export function dial({ host, port, localAddress }) {
  const socket = connect({ host, port, localAddress });
  socket.on('error', () => undefined);
  return socket;
}

export function handshake({ host, port }, headers = []) {
  return ['GET /ws HTTP/1.1', `Host: ${host}:${port}`, ...HANDSHAKE, ...headers, '', ''].join('\r\n');
}

/** An open WebSocket as its bare socket; `undefined` when the upgrade was refused, which is counted. */
export async function open(target, run, token = target.token) {
  const socket = dial(target);
  socket.write(handshake(target, token === undefined ? [] : [`Authorization: Bearer ${token}`]));
  const status = await statusOf(socket);
  if (status === '101') return socket;
  run.count(status);
  socket.destroy();
  if (status !== '401') await sleep(REFUSED_PAUSE_MS);
  return undefined;
}

/** The status that a socket is answered with; `cut` when it is closed without one. */
async function statusOf(socket) {
  const over = new AbortController();
  const events = ['data', 'close'].map((event) => once(socket, event, { signal: over.signal }));
  const [answer] = await Promise.race(events).catch(() => []);
  over.abort();
  return /^HTTP\/1.1 (\d+)/.exec(Buffer.isBuffer(answer) ? answer.toString('latin1') : '')?.[1] ?? 'cut';
}

/** Resolves when the service has ended the connection or said that it does, or after `patienceMs`, and counts how. */
export async function end(socket, run, patienceMs = 5000) {
  let last = Buffer.alloc(0);
  let code;
  const closing = new Promise((resolve) => {
    socket.on('data', (chunk) => {
      last = Buffer.concat([last, chunk]).subarray(-256);
      code = closeCodeAtEndOf(last);
      if (code !== undefined) resolve();
    });
    socket.on('close', resolve);
  });
  socket.resume();
  if (!socket.destroyed) await Promise.race([closing, sleep(patienceMs, undefined, { ref: false })]);
  run.count(code ?? (socket.destroyed ? 'cut' : 'open'));
  socket.destroy();
}

/** The code of the last frame, if that is a close frame. */
function closeCodeAtEndOf(bytes) {
  for (let length = 2; length < 126; length += 1) {
    const at = bytes.length - length - 2;
    if (at >= 0 && bytes[at] === 0x88 && bytes[at + 1] === length) return String(bytes.readUInt16BE(at + 2));
  }
  return undefined;
}

/** A client's frame; its mask is 0, so that the payload stays as it is. */
export function frame(payload, { first = 0x81, announced } = {}) {
  const bytes = Buffer.from(payload);
  const mask = Buffer.alloc(4);
  if (announced === undefined && bytes.length < 126)
    return Buffer.concat([Buffer.of(first, 0x80 | bytes.length), mask, bytes]);
  const length = Buffer.alloc(10);
  length[0] = first;
  length[1] = 0xff;
  length.writeBigUInt64BE(announced ?? BigInt(bytes.length), 2);
  return Buffer.concat([length, mask, bytes]);
}

/** Writes as fast as the peer takes it; `false` when the connection is over. */
export async function write(socket, bytes) {
  if (socket.destroyed) return false;
  if (socket.write(bytes)) {
    await new Promise(setImmediate);
  } else {
    const over = new AbortController();
    const ends = ['drain', 'close'].map((event) => once(socket, event, { signal: over.signal }));
    await Promise.race(ends).catch(() => undefined);
    over.abort();
  }
  return !socket.destroyed;
}

/** A call over HTTP with a body of JSON; the answer's status and body. */
export async function post({ host, port, localAddress }, path, body, token) {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const call = request({ host, port, localAddress, path, method: 'POST', headers, agent: false });
  call.end(JSON.stringify(body));
  const [response] = await once(call, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, body: text === '' ? {} : JSON.parse(text) };
}
