/** The load generator: a process of its own, so that it can have a core of its own, driven by messages of its parent. */
import { Crowd } from './crowd.js';
import { takeTickets } from './tickets.js';

let crowd;

const commands = {
  connect: async ({ dialect, ...terms }) => {
    crowd ??= new Crowd(dialect);
    return crowd.connect(terms);
  },
  tickets: takeTickets,
  start: (terms) => crowd.start(terms),
  sample: () => crowd.sample(),
  forget: () => crowd.forget(),
  finish: (terms) => crowd.finish(terms),
};

process.on('message', ({ command, terms }) => void answer(command, terms));
process.on('disconnect', () => process.exit(0));

async function answer(command, terms) {
  try {
    process.send({ result: (await commands[command](terms)) ?? null });
  } catch (error) {
    process.send({ fault: error instanceof Error ? error.message : String(error) });
  }
}
