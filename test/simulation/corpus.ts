import type { Scenario } from './steps.js';
import { CALM } from './world/faults.js';

/** A run that once broke a promise, made as small as it would go. It is kept as data: what a seed means changes. */
export interface KnownRun extends Scenario {
  readonly name: string;
}

export const CORPUS: readonly KnownRun[] = [
  {
    name: 'a request to watch fails while another one for the same user is under way',
    seed: -2147483633,
    nodes: 2,
    faults: { ...CALM, busMs: 2, storeMs: 2, failedReadPercent: 15 },
    steps: [
      ['wait', 2, 0],
      ['wait', 1, 0],
      ['wait', 4, 0],
      ['watchUser', 0, 0],
      ['connect', 0, 0],
      ['wait', 0, 0],
      ['watchUser', 0, 0],
      ['stand', 0, 300],
      ['wait', 5, 0],
      ['watchUser', 1, 0],
    ],
  },
  {
    name: 'one who asks to watch a room is put out of it and comes back before the answer',
    seed: 1617969592,
    nodes: 2,
    faults: { ...CALM, repeatedPercent: 20, busMs: 2, storeMs: 2 },
    steps: [
      ['disconnect', 3, 0],
      ['wait', 10, 0],
      ['watchUser', 4, 0],
      ['add', 1, 0],
      ['join', 2, 0],
      ['push', 2, 0],
      ['watchRoom', 2, 0],
      ['remove', 0, 2],
      ['wait', 2, 0],
      ['join', 0, 0],
    ],
  },
  {
    name: 'a change is given up while it waits for the rules, and its room waits for it',
    seed: 25,
    nodes: 2,
    faults: { ...CALM, busMs: 2, storeMs: 2, slowCommitPercent: 30 },
    steps: [
      ['wait', 6, 0],
      ['watchUser', 0, 0],
      ['send', 1, 0],
      ['watchRoom', 0, 0],
      ['send', 0, 0],
      ['wait', 2, 0],
      ['send', 0, 0],
    ],
  },
  {
    name: 'a node learns of a membership only after its stream of the room has begun behind it',
    seed: -1007056161,
    nodes: 2,
    faults: { ...CALM, busMs: 2, storeMs: 2 },
    steps: [
      ['disconnect', 1, 0],
      ['wait', 9, 0],
      ['stand', 0, 300],
      ['add', 0, 4],
      ['wait', 1, 0],
      ['connect', 0, 0],
      ['watchUser', 4, 0],
      ['wait', 4, 0],
      ['stop', 0, 0],
      ['connect', 1, 0],
      ['send', 0, 0],
    ],
  },
  {
    name: 'leases are lost before a node has anybody to compare',
    seed: -2147483646,
    nodes: 2,
    faults: { ...CALM, busMs: 2, storeMs: 2 },
    steps: [
      ['wait', 1288, 0],
      ['wait', 59, 0],
      ['wait', 3369, 0],
      ['wait', 26, 0],
      ['wait', 48, 0],
      ['leasesEmpty', 0, 0],
      ['wait', 9, 0],
      ['wait', 40, 0],
      ['watchUser', 1, 0],
      ['wait', 3, 0],
      ['send', 3, 0],
    ],
  },
];
