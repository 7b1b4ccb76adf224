import type { Breach, FaultHistory, FaultRecord, Invoked } from './fault-history.js';

const LIMIT_MS = 3_000;
const USUAL = 0.95;

type Sent = Invoked & { readonly t: number };
type Answered = Extract<FaultRecord, { kind: 'answered' }>;

/**
 * C9: while a server hangs, every send is answered within 3 s of its turn, which comes when the connection's other requests before it
 * have been answered. What the machine itself takes is added: what 95 of 100 sends took at most in the calm before all faults.
 */
export function checkAnswers({ records }: FaultHistory): Breach[] {
  const answers = new Map<string, number>();
  const sends: Sent[] = [];
  const others = new Map<string, Answered[]>();
  for (const record of records) {
    if (record.kind === 'invoke') sends.push(record);
    if (record.kind === 'ok' || record.kind === 'fail' || record.kind === 'info')
      answers.set(record.attempt, record.t);
    if (record.kind === 'answered')
      others.set(record.connection, [...(others.get(record.connection) ?? []), record]);
  }
  const waitMs = (send: Sent): number =>
    (answers.get(send.attempt) ?? Infinity) - turnMs(send, others.get(send.connection) ?? []);
  const limitMs = LIMIT_MS + usualMs(inSpans(sends, spans(records, 'calm', 'fault')).map(waitMs));
  return inSpans(sends, spans(records, 'hang', 'resumed'))
    .filter((send) => waitMs(send) > limitMs)
    .map((send) => ({
      check: 'C9',
      message: `${send.attempt} by ${send.connection} took ${Math.round(waitMs(send))} ms of its turn while a server hung`,
      t: send.t,
    }));
}

function turnMs({ t }: Sent, others: readonly Answered[]): number {
  return Math.max(t, ...others.filter(({ askedT }) => askedT <= t).map((other) => other.t));
}

function usualMs(waits: readonly number[]): number {
  const sorted = waits.filter(Number.isFinite).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * USUAL)] ?? 0;
}

function inSpans(sends: readonly Sent[], among: readonly (readonly [number, number])[]): Sent[] {
  return sends.filter(({ t }) => among.some(([from, until]) => t >= from && t < until));
}

function spans(
  records: readonly FaultRecord[],
  begin: FaultRecord['kind'],
  end: FaultRecord['kind'],
): (readonly [number, number])[] {
  return records
    .filter(({ kind }) => kind === begin)
    .map(
      ({ t }) => [t, records.find((record) => record.kind === end && record.t >= t)?.t ?? Infinity] as const,
    );
}
