/**
 * Whether the time of a refused login tells if the name exists: logins with a wrong password and with a name that nobody has, in
 * random order, compared by the Mann-Whitney test and by their medians. One command, about a minute with 500 of each:
 * node bench/login-timing.js [logins of each kind]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';

const TIMES = Number(process.argv[2] ?? 500);
const ALPHA = 0.01;
const LARGEST_DIFFERENCE = 0.05;

await compile();
const kit = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src/testing/start-process.js')).href;
const { startProcess } = await import(kit);

const cwd = await mkdtemp(join(tmpdir(), 'parley-timing-'));
const service = await startProcess({ cwd, env: { RATE_LOGINS_PER_MIN: '0', LOG_LEVEL: 'silent' } });
try {
  await service.http.post('/auth/register', { username: 'somebody', password: 'correct horse' });
  await measure(20);
  report(await measure(TIMES));
} finally {
  await service.kill();
  await rm(cwd, { recursive: true });
}

/** Milliseconds of `times` logins of each kind, one after the other in random order. */
async function measure(times) {
  const spent = { somebody: [], nobodyx: [] };
  const order = [...Array(times).fill('somebody'), ...Array(times).fill('nobodyx')]
    .map((username) => ({ username, place: Math.random() }))
    .toSorted((one, other) => one.place - other.place);
  for (const { username } of order) {
    const started = performance.now();
    const { status } = await service.http.post('/auth/login', { username, password: 'wrong horse' });
    spent[username].push(performance.now() - started);
    if (status !== 401) throw new Error(`a login was answered with ${status}`);
  }
  return spent;
}

function report({ somebody, nobodyx: nobody }) {
  const p = mannWhitney(somebody, nobody);
  const difference = Math.abs(median(somebody) - median(nobody)) / median(nobody);
  console.log(`wrong password  median ${median(somebody).toFixed(2)} ms`);
  console.log(`nobody          median ${median(nobody).toFixed(2)} ms`);
  console.log(`medians differ by ${(100 * difference).toFixed(2)} %, p = ${p.toFixed(3)}`);
  const isAlike = p > ALPHA && difference < LARGEST_DIFFERENCE;
  console.log(isAlike ? 'nothing can be told' : 'THEY CAN BE TOLD APART');
  process.exitCode = isAlike ? 0 : 1;
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** The two-sided p of the Mann-Whitney U test, by its normal approximation; times of this resolution have no ties. */
function mannWhitney(one, other) {
  const ranked = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ]
    .toSorted((a, b) => a.value - b.value)
    .reduce((sum, { isOne }, index) => sum + (isOne ? index + 1 : 0), 0);
  const u = ranked - (one.length * (one.length + 1)) / 2;
  const mean = (one.length * other.length) / 2;
  const deviation = Math.sqrt((one.length * other.length * (one.length + other.length + 1)) / 12);
  return 2 * (1 - normal(Math.abs(u - mean) / deviation));
}

/** The normal distribution's share below `z` (Abramowitz and Stegun, 26.2.17). */
function normal(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}
