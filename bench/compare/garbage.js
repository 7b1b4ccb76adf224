import { once } from 'node:events';
import { WebSocket } from 'ws';

const DEBUGGER_LINE = /Debugger listening on (ws:\S+)/;
const GO_SETTLE_MS = 1000;

/**
 * Has a Node process that was started with `--inspect` collect its garbage, and that of its worker threads: what these leave
 * behind while connections come is no connection's. Go's hub is asked by a signal.
 */
export async function collectGarbage(child, stderr) {
  const [, address] = DEBUGGER_LINE.exec(stderr) ?? [];
  if (address === undefined) {
    child.kill('SIGUSR2');
    await new Promise((resolve) => {
      setTimeout(resolve, GO_SETTLE_MS);
    });
    return;
  }
  const inspector = await Inspector.connect(address);
  const threads = await inspector.threads();
  for (let round = 0; round < 2; round += 1) {
    for (const thread of threads) await thread('HeapProfiler.collectGarbage');
  }
  inspector.close();
}

/** Asks a process by the inspector's protocol; its worker threads by way of its main one. */
class Inspector {
  #socket;
  #lastId = 0;
  #waiting = new Map();
  #workers = [];

  static async connect(address) {
    const inspector = new Inspector();
    inspector.#socket = new WebSocket(address);
    inspector.#socket.on('message', (message) => inspector.#receive(JSON.parse(message)));
    await once(inspector.#socket, 'open');
    return inspector;
  }

  /** Each thread, as a function that asks it. */
  async threads() {
    const main = async (method, params) => await this.#ask((request) => request, method, params);
    // Those that are there are told of before the answer.
    await main('NodeWorker.enable', { waitForDebuggerOnStart: false });
    const workers = this.#workers.map((sessionId) => {
      const wrap = (request) => ({
        id: this.#nextId(),
        method: 'NodeWorker.sendMessageToWorker',
        params: { sessionId, message: JSON.stringify(request) },
      });
      return async (method, params) => await this.#ask(wrap, method, params);
    });
    return [main, ...workers];
  }

  close() {
    this.#socket.terminate();
  }

  #ask(wrap, method, params) {
    const id = this.#nextId();
    const answered = new Promise((resolve) => {
      this.#waiting.set(id, resolve);
    });
    this.#socket.send(JSON.stringify(wrap({ id, method, params })));
    return answered;
  }

  #receive({ id, method, params }) {
    if (method === 'NodeWorker.attachedToWorker') this.#workers.push(params.sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker') this.#receive(JSON.parse(params.message));
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }

  #nextId() {
    this.#lastId += 1;
    return this.#lastId;
  }
}
