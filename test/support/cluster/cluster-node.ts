import { readFileSync } from 'node:fs';
import { type Exit, startProcess, type TestProcess } from '../../../src/testing/index.js';
import { freePort } from '../servers/free-port.js';

/** A node that was asked to end has so long. */
const END_TIMEOUT_MS = 15_000;

/** What every node of a cluster is started with. */
export interface NodeOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The compiled `main.js`. Defaults to the service's own. */
  readonly main?: string;
}

/** One node: a compiled process that keeps its port over restarts. */
export class ClusterNode {
  /** How its processes have ended that nobody ended. */
  readonly strays: Exit[] = [];
  #process: TestProcess | undefined;
  #isWanted = false;
  #outputs = '';

  private constructor(
    readonly name: string,
    readonly url: string,
    private readonly options: NodeOptions,
  ) {}

  static async start(name: string, { env, ...options }: NodeOptions): Promise<ClusterNode> {
    const port = await freePort();
    const own = { ...options, env: { ...env, PORT: String(port) } };
    const node = new ClusterNode(name, `http://127.0.0.1:${port}`, own);
    await node.start();
    return node;
  }

  /** Starts it, again after it has ended. */
  async start(): Promise<void> {
    const process = await startProcess(this.options);
    this.#process = process;
    this.#isWanted = true;
    void process.exited.then((exit) => {
      this.#outputs += process.output;
      if (this.#isWanted && this.#process === process) this.strays.push(exit);
    });
  }

  /** Ends it by a signal and waits for the end, which it is brought to when it takes too long; then it was killed. */
  async end(signal: NodeJS.Signals): Promise<Exit | undefined> {
    this.#isWanted = false;
    const process = this.#process;
    const late = setTimeout(() => process?.signal('SIGKILL'), END_TIMEOUT_MS);
    const exit = await process?.kill(signal);
    clearTimeout(late);
    return exit;
  }

  pause(): void {
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }

  get isRunning(): boolean {
    return this.#isWanted && this.strays.length === 0;
  }

  /** What all its processes have written. */
  get output(): string {
    return this.#outputs + (this.isRunning ? (this.#process?.output ?? '') : '');
  }

  /** Memory that is resident now, in MB; 0 while it does not run. */
  get residentMb(): number {
    if (!this.isRunning) return 0;
    try {
      const status = readFileSync(`/proc/${this.#process?.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  }
}
