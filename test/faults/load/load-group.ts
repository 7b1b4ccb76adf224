import { type ChildProcess, fork } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FaultRecord } from '../../checker/index.js';
import type { LoadOrder, LoadPlan, LoadProgress } from './load-plan.js';

/** Processes of load that work side by side. */
export class LoadGroup {
  private readonly progress = new Map<ChildProcess, LoadProgress>();
  private acknowledgedCount = 0;

  private constructor(
    private readonly processes: readonly ChildProcess[],
    private readonly files: readonly string[],
  ) {
    for (const child of processes)
      child.on('message', (message) => {
        const progress = message as LoadProgress;
        this.progress.set(child, progress);
        this.acknowledgedCount += progress.acknowledged;
      });
  }

  static async start(plans: readonly LoadPlan[], folder: string): Promise<LoadGroup> {
    const program = join(process.env['PARLEY_COMPILED_DIR'] ?? '', 'test/faults/load/load-process.js');
    const children: ChildProcess[] = [];
    for (const plan of plans) {
      const file = join(folder, `${plan.name}.json`);
      await writeFile(file, JSON.stringify(plan));
      children.push(fork(program, [file], { env: { PATH: process.env['PATH'] }, execArgv: [] }));
    }
    return new LoadGroup(
      children,
      plans.map(({ file }) => file),
    );
  }

  /** Messages acknowledged so far. */
  get acknowledged(): number {
    return this.acknowledgedCount;
  }

  get connected(): number {
    return this.sum(({ connected }) => connected);
  }

  /** Requests without an answer. */
  get open(): number {
    return this.sum(({ open }) => open);
  }

  order(order: LoadOrder): void {
    for (const child of this.processes) if (child.connected) child.send(order);
  }

  /** Ends the clients and gives what they wrote down, with these records of the nemesis, in the order of the times. */
  async end(nemesis: readonly FaultRecord[]): Promise<FaultRecord[]> {
    const ended = this.processes.map(async (child) => once(child, 'exit'));
    this.order('end');
    await Promise.all(ended);
    const records = [...nemesis];
    for (const file of this.files)
      for await (const line of createInterface({ input: createReadStream(file) }))
        records.push(JSON.parse(line) as FaultRecord);
    return records.toSorted((one, other) => one.t - other.t);
  }

  /** Whatever became of the run. */
  kill(): void {
    for (const child of this.processes) child.kill('SIGKILL');
  }

  private sum(of: (progress: LoadProgress) => number): number {
    return [...this.progress.values()].reduce((sum, progress) => sum + of(progress), 0);
  }
}
