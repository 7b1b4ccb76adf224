import cluster, { type Worker } from 'node:cluster';
import type { LoggerService } from '@nestjs/common';
import { isOf, NUMBER_KEY, type Serving, type StopOrder } from './node-process.js';

const EXIT_FAILURE = 1;

/** A process that has lived for so long was not ended by its start. */
const STEADY_MS = 60_000;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** So many in a row end soon after their start, and nobody serves any more: something is wrong that a start does not mend. */
const MAX_FAILURES = 5;

export interface ProcessesOptions {
  readonly count: number;
  readonly logger: LoggerService;
  /** Called once, when all of them serve. */
  readonly onServing: (address: string) => void;
}

/**
 * Runs so many nodes in processes of their own, which share the port: this one accepts connections and hands them out in turn,
 * and does nothing else. The first node starts alone, so that one fault of the configuration is one line. A node that ends is
 * started again. Ends this process when the nodes have stopped, on SIGTERM or SIGINT, with 0; when they cannot be kept up,
 * with the code of the one that ended last or with 1. Should this process be killed, the nodes end at once, too.
 */
export function runProcesses(options: ProcessesOptions): void {
  new Processes(options).start();
}

interface Slot {
  readonly worker: Worker;
  readonly startedMs: number;
  isServing: boolean;
}

class Processes {
  readonly #slots = new Map<number, Slot>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #hasServed = false;
  #failures = 0;
  #isStopping = false;
  #exitCode = 0;

  constructor(private readonly options: ProcessesOptions) {}

  start(): void {
    cluster.on('message', (worker, message) => {
      if (isOf<Serving>(message, 'serving')) this.#serves(worker, message.address);
    });
    cluster.on('exit', (worker, code, signal) => this.#ended(worker, code, signal));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#told(signal));
    process.on('SIGHUP', () => {
      for (const { worker, isServing } of this.#slots.values()) if (isServing) worker.process.kill('SIGHUP');
    });
    this.#fork(1);
  }

  #fork(number: number): void {
    const worker = cluster.fork({ [NUMBER_KEY]: String(number) });
    this.#slots.set(number, { worker, startedMs: performance.now(), isServing: false });
  }

  #serves(worker: Worker, address: string): void {
    const [, slot] = this.#slotOf(worker) ?? [];
    if (slot === undefined) return;
    slot.isServing = true;
    if (this.#hasServed || this.#isStopping) return;
    const { count, onServing } = this.options;
    if (this.#slots.size === 1) for (let number = 2; number <= count; number++) this.#fork(number);
    if (this.#servingCount() < count) return;
    this.#hasServed = true;
    onServing(address);
  }

  #ended(worker: Worker, code: number | null, signal: string | null): void {
    const found = this.#slotOf(worker);
    if (found === undefined) return;
    const [number, slot] = found;
    this.#slots.delete(number);
    if (!this.#isStopping) this.#replace(number, slot, code ?? signal);
    else if (isFailedStop(slot, code)) this.#exitCode = EXIT_FAILURE;
    if (this.#isStopping && this.#slots.size === 0) process.exit(this.#exitCode);
  }

  #replace(number: number, slot: Slot, ending: number | string | null): void {
    const livedMs = performance.now() - slot.startedMs;
    this.#failures = livedMs > STEADY_MS ? 1 : this.#failures + 1;
    const isHopeless = this.#failures >= MAX_FAILURES && this.#servingCount() === 0;
    if (!this.#hasServed || isHopeless) {
      this.#giveUp(typeof ending === 'number' ? ending : EXIT_FAILURE);
      return;
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    this.options.logger.error(
      { msg: 'a process ended; another takes its place', number, ending, pauseMs },
      'Processes',
    );
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#fork(number);
    }, pauseMs);
    this.#restarts.add(restart);
  }

  #giveUp(code: number): void {
    // A start that fails has said why itself.
    if (this.#hasServed) {
      this.options.logger.fatal?.(
        { msg: 'the processes end as soon as they start: giving up', code },
        'Processes',
      );
    }
    this.#exitCode = code === 0 ? EXIT_FAILURE : code;
    this.#stopAll();
  }

  #told(signal: NodeJS.Signals): void {
    if (!this.#isStopping) {
      this.options.logger.log(`${signal}: all processes drain`, 'Processes');
      this.#stopAll();
      if (this.#slots.size === 0) process.exit(this.#exitCode);
      return;
    }
    for (const { worker } of this.#slots.values()) worker.process.kill('SIGKILL');
    process.exit(EXIT_FAILURE);
  }

  #stopAll(): void {
    this.#isStopping = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    for (const { worker, isServing } of this.#slots.values()) {
      if (isServing) worker.send({ parley: 'stop' } satisfies StopOrder);
      else worker.process.kill('SIGTERM');
    }
  }

  #servingCount(): number {
    return [...this.#slots.values()].filter(({ isServing }) => isServing).length;
  }

  #slotOf(worker: Worker): [number, Slot] | undefined {
    return [...this.#slots].find(([, slot]) => slot.worker === worker);
  }
}

/** One that was told to stop before it served has ended by the signal, as it should. */
function isFailedStop({ isServing }: Slot, code: number | null): boolean {
  return isServing && code !== 0;
}
