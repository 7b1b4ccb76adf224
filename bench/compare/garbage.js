import { once } from 'node:events';
import { WebSocket } from 'ws';

const DEBUGGER_LINE = /Debugger listening on (ws:\S+)/;
const GO_SETTLE_MS = 1000;

/** Has a Node process that was started with `--inspect` collect its garbage; of Go's hub it is asked by a signal. */
export async function collectGarbage(child, stderr) {
  const [, address] = DEBUGGER_LINE.exec(stderr) ?? [];
  if (address === undefined) {
    child.kill('SIGUSR2');
    await new Promise((resolve) => {
      setTimeout(resolve, GO_SETTLE_MS);
    });
    return;
  }
  const inspector = new WebSocket(address);
  await once(inspector, 'open');
  for (let round = 0; round < 2; round += 1) {
    inspector.send(JSON.stringify({ id: round, method: 'HeapProfiler.collectGarbage' }));
    await once(inspector, 'message');
  }
  inspector.terminate();
}
