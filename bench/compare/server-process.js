import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { onServerCore } from './cores.js';
import { cpuUsOf } from './cpu-time.js';
import { collectGarbage } from './garbage.js';
import { isLoopDelay, LOOP_DELAY_FLAGS, takeLoopDelay } from './loop-delay.js';

const ADDRESS_LINE = /listens on http:\/\/(?:localhost|127\.0\.0\.1):(\d+)/;
const START_TIMEOUT_MS = 60_000;

/** A server in a process of its own, on a core of its own unless it is told to share. */
export class ServerProcess {
  #child;
  #stderr = '';
  #tellsLoopDelay;
  host = '127.0.0.1';
  port;

  constructor(child, tellsLoopDelay) {
    this.#child = child;
    this.#tellsLoopDelay = tellsLoopDelay;
    child.stderr.on('data', (chunk) => {
      this.#stderr += chunk;
      if (!String(chunk).includes('ebugger') && !isLoopDelay(chunk)) process.stderr.write(chunk);
    });
    process.once('exit', this.#kill);
  }

  /** `flags` are Node's own. */
  static async start({ command, env, flags = [], isPinned = true }) {
    const flagged = withFlags(command, flags);
    const [file, ...args] = isPinned ? onServerCore(flagged) : flagged;
    const child = spawn(file, args, {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
      cwd: env.DATA_DIR,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child, flags.includes(LOOP_DELAY_FLAGS[0]) && isNode(command));
    server.port = await server.#address();
    return server;
  }

  /** CPU time of all its threads since it began, in microseconds. */
  get cpuUs() {
    return cpuUsOf(this.#child.pid);
  }

  /** What it holds in memory, in bytes. */
  get rss() {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(read(`/proc/${this.#child.pid}/status`));
    return Number(kib) * 1024;
  }

  /** How late its event loop ran since the last call, at the 99th percentile, in ms; null if it does not tell. */
  async takeLoopDelay() {
    return this.#tellsLoopDelay ? await takeLoopDelay(this.#child) : null;
  }

  /** Has it give back what it does not need. */
  async collect() {
    await collectGarbage(this.#child, this.#stderr);
  }

  async stop(signal = 'SIGKILL') {
    process.off('exit', this.#kill);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, 'exit');
  }

  #kill = () => this.#child.kill('SIGKILL');

  async #address() {
    const timer = setTimeout(this.#kill, START_TIMEOUT_MS);
    let output = '';
    const found = new Promise((resolve) => {
      this.#child.stdout.on('data', (chunk) => {
        output += chunk;
        const [, port] = ADDRESS_LINE.exec(output) ?? [];
        if (port !== undefined) resolve(Number(port));
      });
    });
    const port = await Promise.race([found, once(this.#child, 'exit')]);
    clearTimeout(timer);
    if (typeof port !== 'number') throw new Error(`the server did not start: ${output}`);
    return port;
  }
}

function withFlags(command, flags) {
  const [file, ...args] = command;
  return isNode(command) ? [file, ...flags, ...args] : command;
}

function isNode([file]) {
  return file === process.execPath;
}

function read(file) {
  return readFileSync(file, 'utf8');
}
