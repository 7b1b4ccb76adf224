/**
 * What hostile clients cost well-behaved ones: 100 good clients of one room, and each attack of bench/attack/attacks.js alone
 * and all at once, from a process of their own, against the service in a process of its own with its default limits.
 * Ends with 1 when a good client lost a message, got one twice, was refused one or was closed. One command, about three minutes:
 *
 *   node bench/attack.js                          # seconds an attack: --seconds 10, good clients: --clients 100
 *   node bench/attack.js --attack 'ping flood'    # this one alone
 *   node bench/attack.js --rounds 40 --json       # so much of each attack instead, for a test
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ATTACKS } from './attack/attacks.js';
import { GoodClients, register } from './attack/good-clients.js';

const DEFAULT_LIMITS = { RATE_FRAMES_PER_S: '50', RATE_SENDS_PER_S: '10' };
const WORDS_PER_S = 20;
const SAMPLE_MS = 200;
const KIB = 1024;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    clients: { type: 'string', default: '100' },
    attack: { type: 'string', multiple: true, default: Object.keys(ATTACKS) },
    json: { type: 'boolean', default: false },
  },
});
const extent =
  values.rounds === undefined ? { seconds: Number(values.seconds) } : { rounds: Number(values.rounds) };
/** How long the service's memory may settle after an attack. */
const REST_MS = extent.rounds === undefined ? 2000 : 0;

const dataDir = await mkdtemp(join(tmpdir(), 'parley-attack-'));
const service = await start();
try {
  const phases = await measureAll();
  if (values.json) process.stdout.write(`${JSON.stringify(phases)}\n`);
  else print(phases);
  const isHarmed = phases.some((one) => one.lost + one.doubled + one.refused + one.closed > 0);
  process.exitCode = isHarmed ? 1 : 0;
} finally {
  await service.process.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
}
process.exit();

async function start() {
  if (process.env.PARLEY_COMPILED_DIR === undefined) {
    const { default: compile } = await import('../test/support/compile.js');
    await compile();
  }
  const kit = join(process.env.PARLEY_COMPILED_DIR, 'src/testing/start-process.js');
  const { startProcess } = await import(pathToFileURL(kit).href);
  const child = await startProcess({ cwd: dataDir, env: { ...DEFAULT_LIMITS, LOG_LEVEL: 'error' } });
  const { hostname: host, port } = new URL(child.url);
  return { process: child, host, port: Number(port) };
}

async function measureAll() {
  const address = { host: service.host, port: service.port };
  const good = await GoodClients.gather(address, Number(values.clients));
  const targets = await targetsOf(address, good);
  const phases = [await measure(good, 'none', {})];
  for (const kind of values.attack) phases.push(await measure(good, kind, { [kind]: targets[kind] }));
  if (values.attack.length > 1) phases.push(await measure(good, 'all at once', targets));
  good.end();
  return phases;
}

/** Each attack has an address and a user of its own, a room of its own, and is a member of the good clients' room. */
async function targetsOf(address, good) {
  const targets = {};
  for (const [index, kind] of Object.keys(ATTACKS).entries()) {
    const from = { ...address, localAddress: `127.0.2.${index + 1}` };
    const { token } = await register(from, `hostile-${index}`);
    const ownRoomId = await prepareRooms(from, token, good.roomId);
    targets[kind] = { ...from, token, roomId: good.roomId, ownRoomId, victims: good.names };
  }
  return targets;
}

async function prepareRooms({ host, port, localAddress }, token, roomId) {
  const { WebSocket } = await import('ws');
  const ws = new WebSocket(`ws://${host}:${port}/ws`, {
    headers: { authorization: `Bearer ${token}` },
    localAddress,
  });
  const answers = [];
  ws.on('message', (message) => answers.push(JSON.parse(message)));
  await once(ws, 'open');
  const ask = async (id, event, data) => {
    ws.send(JSON.stringify({ event, id, data }));
    while (!answers.some((answer) => answer.id === id)) await once(ws, 'message');
    return answers.find((answer) => answer.id === id).data;
  };
  await ask(1, 'room.join', { roomId });
  const { room } = await ask(2, 'room.create', { kind: 'group', name: 'lair' });
  ws.close();
  return room.id;
}

async function measure(good, attack, targets) {
  const before = rssMiB();
  let peak = before;
  const sampler = setInterval(() => (peak = Math.max(peak, rssMiB())), SAMPLE_MS);
  const attacking = Object.keys(targets).length === 0 ? calm() : attackFrom(targets);
  const verdict = await good.talk(WORDS_PER_S, attacking);
  const answers = await attacking;
  clearInterval(sampler);
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  return { attack, ...verdict, rss: { before, peak, after: rssMiB() }, answers };
}

async function calm() {
  await new Promise((resolve) => setTimeout(resolve, (extent.seconds ?? 2) * 1000));
  return {};
}

async function attackFrom(targets) {
  const child = fork(fileURLToPath(new URL('./attack/attacking.js', import.meta.url)));
  child.send({ targets, ...extent });
  const [answers] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the attackers have died'))),
  ]);
  child.kill();
  return answers;
}

function rssMiB() {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.process.pid}/status`, 'utf8'));
  return Math.round(Number(kib) / KIB);
}

function print(phases) {
  const rows = phases.map(({ attack, due, lost, doubled, refused, closed, p50, p99, rss }) => [
    attack,
    {
      due,
      lost,
      doubled,
      refused,
      closed,
      'p50 ms': p50,
      'p99 ms': p99,
      'RSS before': rss.before,
      peak: rss.peak,
      after: rss.after,
    },
  ]);
  console.table(Object.fromEntries(rows));
  for (const { answers } of phases.slice(1)) console.log(answers);
}
