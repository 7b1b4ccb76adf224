/**
 * What counting and timing a request costs, in nanoseconds of CPU time: to compare with the microseconds that `dispatch.js` gives
 * for the whole of it. One command, a few seconds: node bench/metering.js
 */
import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';

const CALLS = 3_000_000;
const ROUNDS = 5;
const EVENTS = ['message.send', 'message.read', 'room.typing'];

await compile();
const realtime = pathToFileURL(`${process.env.PARLEY_COMPILED_DIR}/src/realtime`).href;
const { Meters } = await import(`${realtime}/metrics/meters.js`);
const { RequestMeters } = await import(`${realtime}/metrics/request-meters.js`);
const { Tracing } = await import(`${realtime}/tracing/tracing.js`);
const { SystemClock } = await import(`${realtime}/clock/system-clock.js`);

const clock = new SystemClock();
const tracing = new Tracing();
const requests = new RequestMeters(new Meters());
const meters = EVENTS.map((event) => requests.of(event));
const work = { name: 'message.send', parent: undefined, connectionId: 'c' };
let kept = 0;

/** What each answer does beside answering, and the loop around it alone. */
const parts = {
  'count and time an answer': (at) => meters[at % EVENTS.length].answered('ok', (at % 1000) / 500),
  'read the clock': () => (kept += clock.monotonicMs()),
  'look whether anybody traces': () => (kept += tracing.start(work) === undefined ? 1 : 0),
};
const empty = cost((at) => (kept += at));
const rows = Object.entries(parts).map(([part, run]) => [part, Math.max(0, Math.round(cost(run) - empty))]);
console.table(Object.fromEntries(rows.map(([part, ns]) => [part, { 'ns a request': ns }])));
console.log(`together ${rows.reduce((sum, [, ns]) => sum + ns, 0)} ns a request (${kept > 0})`);

/** The median of the rounds, in nanoseconds. */
function cost(run) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    for (let at = 0; at < CALLS; at += 1) run(at);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / CALLS;
  });
  return rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}
