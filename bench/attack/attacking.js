/** The attackers' own process: does what it is told in one message, and answers with what the service made of it. */
import { once } from 'node:events';
import { ATTACKS } from './attacks.js';
import { Run } from './sockets.js';

const [{ targets, seconds, rounds }] = await once(process, 'message');
const counts = await Promise.all(
  Object.entries(targets).map(async ([kind, target]) => {
    const run = new Run({ seconds, rounds });
    await ATTACKS[kind](target, run);
    return [kind, run.counts];
  }),
);
process.send(Object.fromEntries(counts));
process.disconnect();
