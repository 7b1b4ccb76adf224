import type { Attached, Breach, FaultHistory, FaultRecord } from './fault-history.js';

const RESTART = 1012;
const RETURN_TIME = /^retry-after-ms=\d+$/;

type Detached = Extract<FaultRecord, { kind: 'detach' }>;

/** C9: a node that is asked to end tells each of its clients so, and when to come back. */
export function checkFarewells({ records }: FaultHistory): Breach[] {
  const detached = new Map<string, Detached>();
  for (const record of records) if (record.kind === 'detach') detached.set(record.connection, record);
  const attached = records.filter((record) => record.kind === 'attach');
  return records.flatMap((stop) => {
    if (stop.kind !== 'stop') return [];
    const endMs = records.find(({ kind, t }) => kind === 'stopped' && t >= stop.t)?.t ?? stop.t;
    return attached
      .filter(({ node, t }) => node === stop.name && t < endMs)
      .filter(({ connection }) => (detached.get(connection)?.t ?? Infinity) >= stop.t)
      .flatMap((each) => farewellOf(each, detached.get(each.connection)));
  });
}

function farewellOf({ connection, user, node }: Attached, end: Detached | undefined): Breach[] {
  if (end?.code === RESTART && RETURN_TIME.test(end.reason)) return [];
  const told = end === undefined ? 'nothing' : `${end.code} ${end.reason}`;
  const message = `${connection} of ${user} was told ${told} by ${node}, which was asked to end`;
  return [{ check: 'C9', message, ...(end !== undefined && { t: end.t }) }];
}
