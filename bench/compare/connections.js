import { delay, onStage } from './stage.js';
import { idleShape } from './shapes.js';

const PARALLEL = 32;
const SETTLE_MS = 2000;
const PORTION = 500;

/** What many idle connections hold in memory. */
export async function measureIdle({ connections, ...terms }) {
  const shape = idleShape(connections);
  return await onStage({ ...terms, shape, flags: ['--inspect=127.0.0.1:0'] }, async (stage) => {
    const { server, generator, facts, address } = stage;
    // What the first connections load and compile is not theirs.
    await generator.ask('connect', { ...address, facts: facts.slice(0, PORTION), parallel: PARALLEL });
    const before = await held(server);
    await generator.ask('connect', { ...address, facts: facts.slice(PORTION), parallel: PARALLEL });
    const asItStands = server.rss - before;
    const after = await held(server);
    const count = facts.length - PORTION;
    const kib = (bytes) => bytes / count / 1024;
    return { 'KiB/idle connection': kib(after - before), 'before a collection': kib(asItStands) };
  });
}

async function held(server) {
  await server.collect();
  await delay(SETTLE_MS);
  return server.rss;
}

/** What it costs to let a member in: of Parley with a bearer token, or with `isByTicket` with a ticket taken before. */
export async function measureConnecting({ connections, isByTicket, ...terms }) {
  const shape = idleShape(connections);
  return await onStage({ ...terms, shape }, async ({ server, generator, facts, address }) => {
    const connect = async (portion) => {
      const admitted = isByTicket
        ? await generator.ask('tickets', { ...address, facts: portion, parallel: PARALLEL })
        : portion;
      const before = server.cpuUs;
      const { ms } = await generator.ask('connect', { ...address, facts: admitted, parallel: PARALLEL });
      return { ms, cpuUs: server.cpuUs - before };
    };
    let [ms, cpuUs, count] = [0, 0, 0];
    for (let from = 0; from < facts.length; from += PORTION) {
      const portion = facts.slice(from, from + PORTION);
      const spent = await connect(portion);
      // The first ones make the server warm.
      if (from === 0) continue;
      [ms, cpuUs, count] = [ms + spent.ms, cpuUs + spent.cpuUs, count + portion.length];
    }
    return { 'connections/s': (count / ms) * 1000, 'µs CPU/connection': cpuUs / count };
  });
}
