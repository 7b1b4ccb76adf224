import { LOOP_DELAY_FLAGS } from './loop-delay.js';
import { delay, onStage } from './stage.js';

const BYTES = 128;
const PARALLEL = 32;
const PATIENCE_MS = 5000;
const LOOK_MS = 100;

/** Saturates one server, then measures how late it delivers at the common rate and at half of what it can do. */
export async function measureTraffic(terms) {
  const { shape, span } = terms;
  const flags = [...terms.flags, ...LOOP_DELAY_FLAGS];
  return await onStage({ ...terms, flags }, async ({ server, generator, facts, address }) => {
    await generator.ask('connect', { ...address, facts, parallel: PARALLEL });
    const load = async (kind) => await run({ server, generator, span }, { bytes: BYTES, ...kind });
    await warm(generator, { ...span, inFlight: shape.inFlight });
    const full = await load({ inFlight: shape.inFlight });
    const common = await load({ messagesPerS: shape.commonRate / shape.members });
    const half = await load({ messagesPerS: full.perS / 2 / shape.members });
    const wrong = (key) => full[key] + common[key] + half[key];
    return {
      'deliveries/s': full.perS,
      'µs CPU/delivery': full.cpuUs,
      'server CPU': full.serverShare,
      'generator CPU': full.generatorShare,
      'loop p99': full.loopMs,
      'µs at common rate': common.cpuUs,
      'p50 common': common.p50,
      'p99 common': common.p99,
      'p50 half': half.p50,
      'p99 half': half.p99,
      lost: wrong('lost'),
      doubled: wrong('doubled'),
      foreign: wrong('foreign'),
    };
  });
}

/** Until it has handled enough for its hot code to be compiled. */
async function warm(generator, { warmMessages, warmSeconds, inFlight }) {
  const started = performance.now();
  await generator.ask('start', { bytes: BYTES, inFlight });
  for (let sent = 0; sent < warmMessages && performance.now() - started < warmSeconds * 1000;) {
    await delay(LOOK_MS);
    ({ sent } = await generator.ask('sample'));
  }
  await generator.ask('finish', { patienceMs: PATIENCE_MS });
}

/** One load: a fourth of the time to settle, then the time that counts. */
async function run({ server, generator, span }, terms) {
  await generator.ask('start', terms);
  await delay((span.seconds * 1000) / 4);
  await generator.ask('forget');
  await server.takeLoopDelay();
  const before = await sample(server, generator);
  await delay(span.seconds * 1000);
  const after = await sample(server, generator);
  const loopMs = await server.takeLoopDelay();
  const account = await generator.ask('finish', { patienceMs: PATIENCE_MS });
  const since = (key) => after[key] - before[key];
  const us = since('atMs') * 1000;
  return {
    ...account,
    loopMs,
    perS: (since('delivered') / us) * 1e6,
    // On a machine that is busy elsewhere, a short time may see nothing delivered.
    cpuUs: since('delivered') === 0 ? null : since('serverUs') / since('delivered'),
    serverShare: since('serverUs') / us,
    generatorShare: since('cpuUs') / us,
  };
}

async function sample(server, generator) {
  return { ...(await generator.ask('sample')), serverUs: server.cpuUs };
}
