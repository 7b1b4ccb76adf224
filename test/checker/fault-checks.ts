import type { Entry } from './history.js';
import type { Breach, FaultHistory } from './fault-history.js';
import { checkAnswers } from './answers.js';
import { checkFarewells } from './farewells.js';
import { checkPresence } from './presence.js';
import { checkRealTime } from './real-time.js';
import { checkResumedStreams } from './resumed-streams.js';
import { checkSends, sendingsOf } from './sends.js';

/** Judges what was recorded while parts of a cluster failed: C1 to C7, and C9. */
export function checkFaults(history: FaultHistory): Breach[] {
  return [
    ...checkSends(history),
    ...checkResumedStreams(history),
    ...checkFirstAnswers(history),
    ...checkPresence(history),
    ...checkFarewells(history),
    ...checkAnswers(history),
  ];
}

/** C5, by the first begin and the first acknowledgement of each message. */
function checkFirstAnswers({ records }: FaultHistory): Breach[] {
  const timed: { t: number; entry: Entry }[] = [];
  [...sendingsOf(records).values()].forEach(({ attempts, room }, send) => {
    const [first] = attempts;
    const answer = attempts.find(({ answer }) => answer?.kind === 'ok')?.answer;
    if (first === undefined) return;
    // Who sends again does so after others, so that the order of one connection says nothing.
    const connection = first.answer === answer ? first.invoked.connection : `another ${send}`;
    timed.push({ t: first.invoked.t, entry: { kind: 'invoke', send, connection, room } });
    if (answer?.kind === 'ok') timed.push({ t: answer.t, entry: { kind: 'stored', send, seq: answer.seq } });
  });
  const entries = timed.toSorted((one, other) => one.t - other.t).map(({ entry }) => entry);
  return checkRealTime({ entries, logs: new Map() });
}
