import type { FaultRecord } from '../checker/index.js';

/** A time of a run, in milliseconds of its clock. */
export interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

/** A service is as before when its slowest sends take at most so many times as long. */
const SLOWER = 2;
const WINDOW_MS = 1000;
const STEP_MS = 100;

/** The longest time within the span in which nobody's message was acknowledged, its ends included. */
export function longestGapMs(records: readonly FaultRecord[], { beginMs, endMs }: Span): number {
  const oks = records.filter(({ kind, t }) => kind === 'ok' && t >= beginMs && t < endMs).map(({ t }) => t);
  const edges = [beginMs, ...oks, endMs];
  return Math.max(...edges.slice(1).map((t, index) => t - (edges[index] ?? t)));
}

/**
 * From the begin of the span to the first second whose sends were all answered by the rules, the slowest hundredth aside in
 * less than twice the time that it took in the calm before all faults. `undefined`: there was no such second.
 */
export function recoveryMs(
  records: readonly FaultRecord[],
  { beginMs, endMs }: Span,
  calm: Span,
): number | undefined {
  const sends = sendsOf(records);
  const before = p99(within(sends, calm));
  if (before === undefined) return undefined;
  for (let fromMs = beginMs; fromMs + WINDOW_MS <= endMs; fromMs += STEP_MS) {
    const some = within(sends, { beginMs: fromMs, endMs: fromMs + WINDOW_MS });
    const slowest = p99(some);
    if (slowest !== undefined && slowest < SLOWER * before) return fromMs - beginMs;
  }
  return undefined;
}

interface Send {
  readonly t: number;
  /** `Infinity` for what the rules have not decided. */
  readonly waitMs: number;
}

/** Refusals by which a service tells that it cannot serve now. */
const OUT_OF_SERVICE = new Set(['UNAVAILABLE', 'not connected']);

function sendsOf(records: readonly FaultRecord[]): Send[] {
  const answered = new Map<string, number>();
  for (const record of records)
    if (record.kind === 'ok' || (record.kind === 'fail' && !OUT_OF_SERVICE.has(record.code)))
      answered.set(record.attempt, record.t);
  return records.flatMap((record) =>
    record.kind === 'invoke'
      ? [{ t: record.t, waitMs: (answered.get(record.attempt) ?? Infinity) - record.t }]
      : [],
  );
}

const within = (sends: readonly Send[], { beginMs, endMs }: Span): Send[] =>
  sends.filter(({ t }) => t >= beginMs && t < endMs);

function p99(sends: readonly Send[]): number | undefined {
  const waits = sends.map(({ waitMs }) => waitMs).toSorted((one, other) => one - other);
  return waits[Math.ceil(waits.length * 0.99) - 1];
}
