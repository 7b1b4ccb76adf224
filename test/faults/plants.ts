import { join } from 'node:path';
import type { Breach } from '../checker/index.js';
import type { Fault } from './nemesis/fault.js';
import { FAULTS } from './nemesis/faults.js';

/** A service with one promise broken, and the check that has to notice. */
export interface Plant {
  /** Of its file under `planted`. */
  readonly name: string;
  readonly what: string;
  readonly check: Breach['check'];
  readonly fault: Fault;
  /** Default: 4 s. */
  readonly faultMs?: number;
  readonly quietMs: number;
}

/** Some plants need no fault to show. */
const calm: Fault = { id: 'F00', title: 'none', play: async ({ hold }) => hold(1) };

const fault = (id: string): Fault => FAULTS.find((one) => one.id === id) ?? calm;

export const PLANTS: readonly Plant[] = [
  {
    name: 'acknowledged-early',
    what: 'acknowledges before the commit',
    check: 'C1',
    fault: fault('F01'),
    quietMs: 3_000,
  },
  {
    name: 'stored-again',
    what: 'stores a repeated message once more',
    check: 'C3',
    fault: calm,
    quietMs: 3_000,
  },
  { name: 'dropped-pushes', what: 'drops every 200th push', check: 'C4', fault: calm, quietMs: 3_000 },
  { name: 'gaps', what: 'leaves numbers of the log out', check: 'C4', fault: calm, quietMs: 3_000 },
  {
    name: 'no-comparison',
    what: 'never asks the store what the bus has lost',
    check: 'C4',
    fault: fault('F04'),
    quietMs: 7_000,
  },
  { name: 'unordered', what: 'performs requests in any order', check: 'C5', fault: calm, quietMs: 3_000 },
  {
    name: 'stale-memberships',
    what: 'believes memberships for 30 s after their end',
    check: 'C6',
    fault: calm,
    quietMs: 3_000,
  },
  {
    name: 'living-dead',
    what: 'keeps the presence of dead nodes',
    check: 'C7',
    fault: fault('F01'),
    quietMs: 11_000,
  },
  {
    name: 'no-farewell',
    what: 'cuts every tenth client off when it is asked to end',
    check: 'C9',
    fault: fault('F02'),
    quietMs: 3_000,
  },
  {
    name: 'patient',
    what: 'waits for a database that hangs for as long as it does',
    check: 'C9',
    fault: fault('F07'),
    faultMs: 14_000,
    quietMs: 3_000,
  },
];

export function mainOf({ name }: Plant): string {
  return join(process.env['PARLEY_COMPILED_DIR'] ?? '', 'test/faults/planted', `${name}.js`);
}
