import type { History, Violation } from './history.js';
import { checkStreams } from './order.js';
import { checkRealTime } from './real-time.js';

export { type Entry, type History, type HistoryEvent, type Violation } from './history.js';
export { checkFaults } from './fault-checks.js';
export type { Breach, FaultHistory, FaultRecord, NemesisRecord, StoredEvent } from './fault-history.js';
export { Recorder } from './recorder.js';

/** Judges a recorded history by order (C4), real time (C5) and authorization (C6); empty when all promises were kept. */
export function check(history: History): Violation[] {
  return [...checkStreams(history), ...checkRealTime(history)];
}
