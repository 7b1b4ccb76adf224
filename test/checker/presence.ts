import type { Breach, FaultHistory } from './fault-history.js';

/**
 * C7: in the end every connection that watches sees online who is connected, and offline who is not. The history has to be quiet
 * for as long as presence may take before its end.
 */
export function checkPresence({ records }: FaultHistory): Breach[] {
  const users = new Map<string, string>();
  const views = new Map<string, Map<string, string>>();
  for (const record of records) {
    if (record.kind === 'attach') users.set(record.connection, record.user);
    if (record.kind === 'detach') {
      users.delete(record.connection);
      views.delete(record.connection);
    }
    if (record.kind !== 'presence') continue;
    const view = views.get(record.connection) ?? new Map<string, string>();
    views.set(record.connection, view.set(record.user, record.status));
  }
  const connected = new Set(users.values());
  return [...views].flatMap(([connection, view]) =>
    [...view].flatMap(([user, status]) => {
      if ((status === 'offline') !== connected.has(user)) return [];
      const truth = connected.has(user) ? 'connected' : 'not connected';
      return [{ check: 'C7' as const, message: `${connection} sees ${user} ${status}, who is ${truth}` }];
    }),
  );
}
