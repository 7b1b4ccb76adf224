const CALL = /^(\d+) +(\w+)\(\d+<([^>]*)>(.*)$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/;

/**
 * Reads a trace of `strace -f -y` of one writer whose writes follow one another, and counts the acknowledgements (lines
 * with a number) before which the log was written but not synced successfully after that.
 */
export function unsyncedAcknowledgements(trace) {
  const state = {
    isSynced: true,
    hasWritten: false,
    acknowledged: 0,
    unsynced: 0,
    syncs: 0,
    unfinished: new Map(),
  };
  for (const line of trace.split('\n')) readLine(line, state);
  const { acknowledged, unsynced, syncs } = state;
  return { acknowledged, syncsOfTheLog: syncs, acknowledgedUnsynced: unsynced };
}

function readLine(line, state) {
  const call = CALL.exec(line);
  if (call !== null) {
    const [, thread, name, path, rest] = call;
    begin(name, path, rest, state);
    if (rest.includes('<unfinished')) state.unfinished.set(thread, { name, path });
    else end(name, path, rest, state);
    return;
  }
  const resumed = RESUMED.exec(line);
  const started = state.unfinished.get(resumed?.[1]);
  if (started !== undefined) end(started.name, started.path, resumed[3], state);
}

/** A write counts from its beginning, so that a sync at the same time does not cover it. */
function begin(name, path, rest, state) {
  if (name === 'pwrite64' && path.endsWith('-wal')) {
    state.isSynced = false;
    state.hasWritten = true;
  }
  if (name === 'write' && /^, "\d+\\n"/.test(rest)) {
    state.acknowledged += 1;
    if (!state.isSynced || !state.hasWritten) state.unsynced += 1;
    state.hasWritten = false;
  }
}

/** A sync counts from its successful end. */
function end(name, path, rest, state) {
  if ((name !== 'fdatasync' && name !== 'fsync') || !path.endsWith('-wal') || !/\) += 0$/.test(rest)) return;
  state.isSynced = true;
  state.syncs += 1;
}
