import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from './account.js';

const START_TIMEOUT_MS = 30_000;
const READY_INTERVAL_MS = 50;
const OUTPUT_LIMIT = 20_000;

export interface ServerProgram {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly account: Account;
  /** Whether the server answers. */
  readonly isReady: () => Promise<boolean>;
}

/** A server of another maker in a process of its own, with the faults that a test can do to it. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = '';

  constructor(private readonly server: ServerProgram) {}

  /** Starts it, again if it has ended, and waits until it answers. */
  async start(): Promise<void> {
    const { program, account } = this.server;
    const child = spawn(program, this.server.arguments, {
      ...account,
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_LIMIT);
      });
    }
    this.#exited = new Promise((resolve) => {
      child.once('error', () => resolve()).once('close', () => resolve());
    });
    await this.#ready(child);
  }

  /** Of its first process, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Holds all its work, that of its own processes too, as a machine that hangs. */
  pause(): void {
    this.#signalAll('SIGSTOP');
  }

  resume(): void {
    this.#signalAll('SIGCONT');
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.resume();
    this.#child?.kill(signal);
    await this.#exited;
  }

  #signalAll(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child ?? {};
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(pid, signal);
    for (const each of childrenOf(pid)) signalIfThere(each, signal);
  }

  async #ready(child: ChildProcess): Promise<void> {
    const endMs = performance.now() + START_TIMEOUT_MS;
    while (!(await this.server.isReady())) {
      if (child.exitCode !== null || performance.now() > endMs) {
        await this.stop('SIGKILL');
        throw new Error(`${this.server.program} did not start: ${this.#output}`);
      }
      await delay(READY_INTERVAL_MS);
    }
  }
}

/** A child may end by itself between the look at the list and the signal. */
function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** As Linux lists them. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
