/**
 * What a request costs between the socket and its answer, and what an idle connection costs in heap: Parley's adapter
 * against Nest's own `WsAdapter`, both with the same three gateways of five events. One command, about a minute:
 * node bench/dispatch.js
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import compile from '../test/support/compile.js';

const ROUNDS = 5;
const CONNECTIONS = 2000;
const SERVER = fileURLToPath(new URL('./dispatch-server.js', import.meta.url));

await compile();
const results = { stock: [], parley: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const adapter of Object.keys(results)) results[adapter].push(await measure(adapter));
}
const [stock, parley] = [medians(results.stock), medians(results.parley)];
console.table({ 'stock WsAdapter': stock, Parley: parley, ratio: ratios(parley, stock) });
process.exit(0);

/** Both figures of one fresh server process. */
async function measure(adapter) {
  const server = fork(SERVER, [adapter], { execArgv: ['--expose-gc'] });
  const [port] = await once(server, 'message');
  const dispatch = await ask(server, 'dispatch', () => connect(port, 1));
  const idle = await ask(server, 'idle', () => connect(port, CONNECTIONS));
  server.kill('SIGKILL');
  return { 'µs a dispatch': dispatch, 'bytes of heap an idle connection': idle };
}

async function ask(server, question, prepare) {
  server.send('before');
  await once(server, 'message');
  const clients = await prepare();
  server.send(question);
  const [answer] = await once(server, 'message');
  for (const client of clients) client.terminate();
  return answer;
}

async function connect(port, count) {
  const clients = [];
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(50, count - clients.length) }, () => open(port));
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

async function open(port) {
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { 'x-user': `u${Math.random()}` } });
  await once(client, 'open');
  return client;
}

function medians(measured) {
  const keys = Object.keys(measured[0]);
  return Object.fromEntries(keys.map((key) => [key, median(measured.map((one) => one[key]))]));
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function ratios(a, b) {
  return Object.fromEntries(Object.keys(a).map((key) => [key, Number((a[key] / b[key]).toFixed(2))]));
}
