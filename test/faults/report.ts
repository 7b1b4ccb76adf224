import type { Breach, FaultRecord } from '../checker/index.js';
import type { Fault } from './nemesis/fault.js';
import type { Run } from './run.js';

/** One fault, from its beginning to that of the next one. */
interface Stretch {
  readonly fault: Fault;
  readonly beginMs: number;
  readonly healMs: number;
  readonly endMs: number;
}

const SECOND_MS = 1000;
/** The service is back when it acknowledges this share of what it did before the first fault. */
const RECOVERED_SHARE = 0.8;

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
  'longest unavailability',
  'recovered after',
  'peak memory of a node',
];

/** The table of a run, in Markdown. */
export function tableOf(run: Run, faults: readonly Fault[]): string {
  const stretches = stretchesOf(run.records, faults);
  const rows = stretches.map((stretch) => rowOf(run, stretch, stretches[0]?.beginMs ?? 0));
  return [HEADINGS, HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function stretchesOf(records: readonly FaultRecord[], faults: readonly Fault[]): Stretch[] {
  const times = (kind: 'fault' | 'heal', id: string): number =>
    records.find((record) => record.kind === kind && record.name === id)?.t ?? 0;
  const lastMs = records.at(-1)?.t ?? 0;
  return faults.map((fault, index) => {
    const next = faults[index + 1];
    const endMs = next === undefined ? lastMs : times('fault', next.id);
    return { fault, beginMs: times('fault', fault.id), healMs: times('heal', fault.id), endMs };
  });
}

function rowOf(run: Run, stretch: Stretch, firstFaultMs: number): string[] {
  const { fault, beginMs, endMs } = stretch;
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
    seconds(longestGapMs(within)),
    seconds(recoveryMs(run.records, stretch, firstFaultMs)),
    `${Math.round(run.peakMb.get(fault.id) ?? 0)} MB`,
  ];
}

/** What has no time of its own was found in the end, and is counted in every row rather than in none. */
const isWithin = ({ t }: Breach, { beginMs, endMs }: Stretch): boolean =>
  t === undefined || (t >= beginMs && t < endMs);

const seconds = (ms: number): string => `${(ms / SECOND_MS).toFixed(1)} s`;

/** The longest time in which nobody's message was acknowledged while somebody sent. */
function longestGapMs(records: readonly FaultRecord[]): number {
  let longest = 0;
  let last: number | undefined;
  const lastInvoke = records.findLast(({ kind }) => kind === 'invoke')?.t ?? 0;
  for (const { kind, t } of records) {
    if (kind !== 'ok' || t > lastInvoke) continue;
    longest = Math.max(longest, t - (last ?? t));
    last = t;
  }
  return longest;
}

/** From the mend to the first second that is about as good as those before the first fault. */
function recoveryMs(
  records: readonly FaultRecord[],
  { healMs, endMs }: Stretch,
  firstFaultMs: number,
): number {
  const oks = records.filter(({ kind }) => kind === 'ok').map(({ t }) => t);
  const firstOk = oks[0] ?? firstFaultMs;
  const before = oks.filter((t) => t < firstFaultMs).length;
  const perSecond = before / Math.max(1, (firstFaultMs - firstOk) / SECOND_MS);
  for (let fromMs = healMs; fromMs < endMs; fromMs += 100) {
    const count = oks.filter((t) => t >= fromMs && t < fromMs + SECOND_MS).length;
    if (count >= RECOVERED_SHARE * perSecond) return fromMs - healMs;
  }
  return endMs - healMs;
}
