import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Run } from './run.js';

/** Writes what broke, what everybody wrote down and the logs in the end, each a line of JSON, for one who wants to know why. */
export async function keepHistory({ breaches, records, logs }: Run, file: string): Promise<void> {
  const stream = createWriteStream(file);
  for (const breach of breaches) stream.write(`${JSON.stringify({ breach })}\n`);
  for (const record of records) stream.write(`${JSON.stringify(record)}\n`);
  for (const event of [...logs.values()].flat()) stream.write(`${JSON.stringify({ stored: event })}\n`);
  stream.end();
  await once(stream, 'close');
}
