import type { Breach, FaultHistory, FaultRecord, Invoked, StoredEvent } from './fault-history.js';

type Answer = Extract<FaultRecord, { kind: 'ok' | 'fail' | 'info' }>;

interface Attempt {
  readonly invoked: Invoked & { readonly t: number };
  readonly answer: Answer | undefined;
}

/** All attempts at one message, by the time they were begun. */
export interface Sending {
  readonly room: string;
  readonly user: string;
  readonly clientId: string;
  readonly text: string;
  readonly attempts: readonly Attempt[];
}

/**
 * C1: what was acknowledged is stored, once, as it was sent and where it was said to be. C2: what is stored was sent, and not what
 * was refused. C3: all acknowledgements of one message name one place.
 */
export function checkSends(history: FaultHistory): Breach[] {
  const sendings = sendingsOf(history.records);
  const stored = storedByKey(history.logs);
  return [
    ...[...sendings].flatMap(([key, sending]) => checkSending(sending, stored.get(key) ?? [])),
    ...[...stored]
      .filter(([key]) => !sendings.has(key))
      .map(([key]) => c2(`${key} was stored, and never sent`)),
  ];
}

/** The messages that were sent, by what names one: room, sender, `clientId`. */
export function sendingsOf(records: readonly FaultRecord[]): Map<string, Sending> {
  const answers = new Map<string, Answer>();
  for (const record of records)
    if (record.kind === 'ok' || record.kind === 'fail' || record.kind === 'info')
      answers.set(record.attempt, record);
  const sendings = new Map<string, Sending & { attempts: Attempt[] }>();
  for (const record of records) {
    if (record.kind !== 'invoke') continue;
    const { room, user, clientId, text } = record;
    const key = keyOf(room, user, clientId);
    const sending = sendings.get(key) ?? { room, user, clientId, text, attempts: [] };
    sendings.set(key, sending);
    sending.attempts.push({ invoked: record, answer: answers.get(record.attempt) });
  }
  return sendings;
}

const keyOf = (room: string, user: string, clientId: string): string => `${room} ${user} ${clientId}`;
const c1 = (message: string, t: number): Breach => ({ check: 'C1', message, t });
const c2 = (message: string): Breach => ({ check: 'C2', message });

function storedByKey(logs: FaultHistory['logs']): Map<string, StoredEvent[]> {
  const byKey = new Map<string, StoredEvent[]>();
  for (const event of [...logs.values()].flat()) {
    if (event.message === undefined) continue;
    const key = keyOf(event.room, event.message.senderId, event.message.clientId);
    byKey.set(key, [...(byKey.get(key) ?? []), event]);
  }
  return byKey;
}

function checkSending(sending: Sending, stored: readonly StoredEvent[]): Breach[] {
  const name = `${sending.clientId} of ${sending.user} in ${sending.room}`;
  const lastT = sending.attempts.at(-1)?.invoked.t ?? 0;
  const isOther = stored.some(({ message }) => message?.text !== sending.text);
  return [
    ...checkAcknowledged(sending, stored, name),
    ...(stored.length > 1 ? [c1(`${name} is stored ${stored.length} times`, lastT)] : []),
    ...(isOther ? [c1(`${name} is stored with another text`, lastT)] : []),
    ...(stored.length > 0 && isRefused(sending) ? [c2(`${name} is stored, and was refused`)] : []),
  ];
}

function checkAcknowledged({ attempts }: Sending, stored: readonly StoredEvent[], name: string): Breach[] {
  const oks = attempts.flatMap(({ answer }) => (answer?.kind === 'ok' ? [answer] : []));
  const lost = oks.find((ok) => !stored.some(({ seq }) => seq === ok.seq));
  const other = oks.find(({ seq }) => seq !== oks[0]?.seq);
  return [
    ...(lost ? [c1(`${name} was acknowledged at ${lost.seq} and is not there`, lost.t)] : []),
    ...(other
      ? [{ check: 'C3' as const, message: `${name} was acknowledged at several places`, t: other.t }]
      : []),
  ];
}

/** Whether every attempt was answered with a refusal. */
function isRefused({ attempts }: Sending): boolean {
  return attempts.every(({ answer }) => answer?.kind === 'fail');
}
