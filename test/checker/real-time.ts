import type { Entry, History, Violation } from './history.js';

/**
 * C5, real time: in one room, what was answered before another send was begun stands before it in the log; and the
 * sends of one connection stand there in the order in which they were begun.
 */
export function checkRealTime({ entries }: History): Violation[] {
  const begun = new Map<number, Begun>();
  const answered = new Map<string, number>();
  const violations: Violation[] = [];
  for (const entry of entries) {
    if (entry.kind === 'invoke') begun.set(entry.send, { ...entry, after: answered.get(entry.room) ?? 0 });
    if (entry.kind !== 'stored') continue;
    const send = begun.get(entry.send);
    if (!send) continue;
    begun.set(entry.send, { ...send, seq: entry.seq });
    answered.set(send.room, Math.max(answered.get(send.room) ?? 0, entry.seq));
    if (entry.seq <= send.after)
      violations.push(c5(`${send.room}: ${entry.seq} was begun after ${send.after} was answered`));
  }
  return [...violations, ...checkConnections([...begun.values()])];
}

type Begun = Extract<Entry, { kind: 'invoke' }> & {
  /** The highest `seq` that had been answered in the room by then. */
  readonly after: number;
  readonly seq?: number;
};

const c5 = (message: string): Violation => ({ check: 'C5', message });

function checkConnections(sends: readonly Begun[]): Violation[] {
  const last = new Map<string, number>();
  return sends.flatMap(({ connection, room, seq }) => {
    if (seq === undefined) return [];
    const key = `${connection} in ${room}`;
    const before = last.get(key) ?? 0;
    last.set(key, seq);
    return seq > before ? [] : [c5(`${key}: ${seq} was begun after ${before}`)];
  });
}
