import type { Breach, FaultRecord, NemesisRecord } from '../checker/index.js';
import type { Fault } from './nemesis/fault.js';
import { longestGapMs, recoveryMs, type Span } from './outages.js';
import type { Run } from './run.js';

/** One fault, from its beginning to that of the next one. */
interface Stretch extends Span {
  readonly fault: Fault;
  readonly healMs: number;
}

const SECOND_MS = 1000;

const HEADINGS = [
  '',
  'fault',
  'acknowledged',
  'refused',
  'unknown',
  'lost',
  'doubled',
  'out of order',
  'leaked',
  'longest without an acknowledgement',
  'as before the faults',
  'peak memory of a node',
];

/** The table of a run, in Markdown. */
export function tableOf(run: Run, faults: readonly Fault[]): string {
  const stretches = stretchesOf(run.records, faults);
  const calm = { beginMs: timeOf(run.records, 'calm'), endMs: stretches[0]?.beginMs ?? 0 };
  const rows = stretches.map((stretch) => rowOf(run, stretch, calm));
  return [HEADINGS, HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function stretchesOf(records: readonly FaultRecord[], faults: readonly Fault[]): Stretch[] {
  return faults.map((fault, index) => {
    const next = faults[index + 1];
    const endMs = next === undefined ? timeOf(records, 'rest') : timeOf(records, 'fault', next.id);
    const healMs = timeOf(records, 'heal', fault.id);
    return { fault, beginMs: timeOf(records, 'fault', fault.id), healMs, endMs };
  });
}

/** When the nemesis did that. */
function timeOf(records: readonly FaultRecord[], kind: NemesisRecord['kind'], name = ''): number {
  return records.find((record) => record.kind === kind && record.name === name)?.t ?? 0;
}

function rowOf(run: Run, stretch: Stretch, calm: Span): string[] {
  const { fault, beginMs, healMs, endMs } = stretch;
  const within = run.records.filter(({ t }) => t >= beginMs && t < endMs);
  const count = (kind: FaultRecord['kind']): string =>
    String(within.filter((record) => record.kind === kind).length);
  const broken = (...checks: Breach['check'][]): string =>
    String(
      run.breaches.filter((breach) => checks.includes(breach.check) && isWithin(breach, stretch)).length,
    );
  return [
    fault.id,
    fault.title,
    count('ok'),
    count('fail'),
    count('info'),
    broken('C1', 'C2'),
    broken('C3'),
    broken('C4', 'C5'),
    broken('C6'),
    seconds(longestGapMs(within, stretch)),
    recovery(recoveryMs(run.records, { beginMs: healMs, endMs }, calm), endMs - healMs),
    `${Math.round(run.peakMb.get(fault.id) ?? 0)} MB`,
  ];
}

/** What has no time of its own was found in the end, and is counted in every row rather than in none. */
const isWithin = ({ t }: Breach, { beginMs, endMs }: Stretch): boolean =>
  t === undefined || (t >= beginMs && t < endMs);

const seconds = (ms: number): string => `${(ms / SECOND_MS).toFixed(1)} s`;

const recovery = (ms: number | undefined, observedMs: number): string =>
  ms === undefined ? `not within ${seconds(observedMs)}` : `after ${seconds(ms)}`;
