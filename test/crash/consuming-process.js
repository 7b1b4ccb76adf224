import { openSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * The service with a consumer of the logs that writes each event which it has handled to `handled.jsonl`, to be killed in
 * the middle. With `PLANT=early` it says that a batch is done before it is, which whoever checks must notice; with
 * `PLANT=hang` it is never done.
 *
 * SOURCE=<url of the compiled src> node consuming-process.js
 */
const { ConsumesLog, ParleyModule, startParley } = await import(`${process.env.SOURCE}/index.js`);
const { Module } = await import('@nestjs/common');

const EARLY_MS = 500;
const file = openSync('handled.jsonl', 'a');

class Recorder {
  name = 'recorder';
  types = '*';
  maxEvents = 20;

  async handle({ events }) {
    if (process.env.PLANT === 'hang') await hang();
    else if (process.env.PLANT === 'early') setTimeout(() => events.forEach(note), EARLY_MS);
    else await noteEach(events);
  }
}

async function hang() {
  process.stdout.write('at work\n');
  await new Promise(() => undefined);
}

/** With turns of the event loop in between, so that a batch is half done when the process is killed. */
async function noteEach(events) {
  for (const event of events) {
    note(event);
    await turn();
  }
}

function note({ roomId, seq }) {
  writeSync(file, `${JSON.stringify({ life: process.pid, roomId, seq })}\n`);
}

class AppModule {}
class RecorderModule {}
ConsumesLog()(Recorder);
Module({ providers: [Recorder] })(RecorderModule);
Module({ imports: [ParleyModule.register({ features: [RecorderModule] })] })(AppModule);

await startParley(AppModule);
