import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { keepHistory } from './kept-history.js';
import { FAULTS } from './nemesis/faults.js';
import { tableOf } from './report.js';
import { play, type Run } from './run.js';

const seed = Number(process.env['FAULT_SEED'] ?? randomInt(1_000_000));
const faultMs = Number(process.env['FAULT_SECONDS'] ?? 6) * 1000;
const wanted = process.env['FAULTS']?.split(',');
const faults = FAULTS.filter(({ id }) => wanted === undefined || wanted.includes(id));

let run: Run;

beforeAll(
  async () => {
    process.stdout.write(`FAULT_SEED=${seed}\n`);
    run = await play({ seed, faults, faultMs, quietMs: 11_000 });
    const history = process.env['FAULTS_HISTORY'];
    if (history !== undefined) await keepHistory(run, history);
    const table = `${tableOf(run, faults)}\n`;
    process.stdout.write(table);
    const file = process.env['FAULTS_TABLE'];
    if (file !== undefined) await writeFile(file, table);
  },
  600_000 + faults.length * faultMs * 3,
);

describe('a cluster under faults', () => {
  it.each(['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C9', 'C10'])('keeps %s', (check) => {
    const breaches = run.breaches.filter((breach) => breach.check === check);
    expect({ count: breaches.length, first: breaches.slice(0, 5) }).toEqual({ count: 0, first: [] });
  });
});
