import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { FaultRecord } from '../../checker/fault-history.js';

/** A record without its time. */
export type NewRecord = FaultRecord extends infer Each
  ? Each extends FaultRecord
    ? Omit<Each, 't'>
    : never
  : never;

/** Milliseconds of the monotonic clock, which is the same one for all processes of a machine. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Records as lines of JSON. */
export class RecordFile {
  private readonly stream: WriteStream;

  constructor(path: string) {
    this.stream = createWriteStream(path);
  }

  write(record: NewRecord): void {
    this.stream.write(`${JSON.stringify({ t: nowMs(), ...record })}\n`);
  }

  async end(): Promise<void> {
    this.stream.end();
    await once(this.stream, 'close');
  }
}
