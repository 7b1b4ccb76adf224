import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestTarget } from './test-target.js';
import { UNLIMITED_FRAMES } from './unlimited-rates.js';

const START_TIMEOUT_MS = 30_000;
const ADDRESS_LINE = /^Parley listens on (http\S+)$/m;

/** How the process is started. */
export interface ProcessOptions {
  /**
   * Configuration keys. Of the process's environment only `PATH` is passed on. The rates of frames and sends are off unless
   * they are set here; so is the admin listener of a service that is to run.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder to work in: `.env` is read there, and the default `DATA_DIR` is under it. */
  readonly cwd: string;
  /** The compiled `main.js`. Defaults to this package's own. */
  readonly main?: string;
}

/** How the process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The service in a process of its own. */
export class TestProcess extends TestTarget {
  constructor(
    address: string | (() => string),
    private readonly child: RunningChild,
  ) {
    super(address);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<Exit> {
    return this.child.exited;
  }

  /** Everything that the process has written so far, standard output and error. */
  get output(): string {
    return this.child.output();
  }

  /** Calls back whenever the process has written more. */
  onOutput(look: () => void): void {
    this.child.onOutput(look);
  }

  /** Sends a signal that does not end the process. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when the process has written what matches, now or earlier; rejects when it ends before, or takes too long. */
  async says(text: RegExp): Promise<void> {
    const said = new Promise<'said'>((resolve) => {
      const look = (): void => {
        if (text.test(this.output)) resolve('said');
      };
      this.onOutput(look);
      look();
    });
    const outcome = await Promise.race([said, this.exited, late()]);
    if (outcome !== 'said') throw new Error(`the service did not say ${text}: ${this.output}`);
  }

  /** Sends a signal and waits for the end. Defaults to SIGTERM. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal);
    const exit = await this.exited;
    await this.endClients();
    return exit;
  }
}

/** What a `TestProcess` stands for. */
export interface RunningChild {
  readonly pid: number | undefined;
  readonly exited: Promise<Exit>;
  output(): string;
  /** Calls back whenever there is more. */
  onOutput(look: () => void): void;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts the compiled service in a child process and waits for its address line. Rejects, with what the process wrote,
 * when it ends before that.
 */
export async function startProcess(options: ProcessOptions): Promise<TestProcess> {
  const child = run({ ...options, env: { ADMIN_PORT: '0', ...options.env } });
  const address = new Promise<string>((resolve) => {
    child.onOutput(() => {
      const url = ADDRESS_LINE.exec(child.output())?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([address, child.exited, late()]);
  if (typeof url === 'string') return new TestProcess(url, child);
  child.kill('SIGKILL');
  throw new Error(
    `the service did not start (${JSON.stringify(url ?? 'no address line')}): ${child.output()}`,
  );
}

/** Runs the compiled service until it ends by itself, as it does when it cannot start. */
export async function runProcess(options: ProcessOptions): Promise<Exit & { readonly output: string }> {
  const child = run(options);
  const exit = await Promise.race([child.exited, late()]);
  if (exit !== undefined) return { ...exit, output: child.output() };
  child.kill('SIGKILL');
  throw new Error(`the service did not end: ${child.output()}`);
}

function run({ env = {}, cwd, main = ownMain() }: ProcessOptions): RunningChild {
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    cwd,
    env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1', ...UNLIMITED_FRAMES, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = (): boolean => child.kill('SIGKILL');
  process.once('exit', end);
  const exited = once(child, 'close').then((ending) => {
    process.off('exit', end);
    const [code, signal] = ending as [number | null, NodeJS.Signals | null];
    return { code, signal };
  });
  return {
    pid: child.pid,
    exited,
    output: () => Buffer.concat(chunks).toString(),
    onOutput: (look) => child.stdout.on('data', look),
    kill: (signal) => child.kill(signal),
  };
}

/** Where sources are not compiled in place, the test run says where it has put them. */
function ownMain(): string {
  const compiled = process.env['PARLEY_COMPILED_DIR'];
  return compiled === undefined
    ? fileURLToPath(new URL('../main.js', import.meta.url))
    : join(compiled, 'src', 'main.js');
}

function late(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), START_TIMEOUT_MS).unref();
  });
}
