import { invalid } from '../../../realtime/index.js';
import type { RoomOrder } from './room-order.js';

/** Where the next page goes on, and the `since` that every page of one answer ends with. */
export interface SyncCursor {
  readonly order: RoomOrder;
  readonly since: string;
}

export function encodeSyncCursor({ order, since }: SyncCursor): string {
  const { startedMs, given, last } = order;
  const parts = [startedMs, given.join(','), last?.activeMs ?? -1, last?.roomId ?? '', since];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Fails with `VALIDATION_FAILED` when it is not one of ours. */
export function decodeSyncCursor(cursor: string): SyncCursor {
  const [startedMs, given, activeMs, roomId, since] = partsOf(cursor);
  const isOurs =
    isTime(startedMs) && isString(given) && isTime(activeMs) && isString(roomId) && isString(since);
  if (!isOurs) throw invalid('cursor', 'must be a nextCursor of the same request');
  return {
    order: {
      startedMs,
      given: given === '' ? [] : given.split(','),
      ...(activeMs >= 0 && { last: { activeMs, roomId } }),
    },
    since,
  };
}

/** A place in the order of commits, within one life of the log. */
export const encodeSince = (epoch: string, commit: number): string => `${epoch}.${commit}`;

/** In another life of the log every position counts as changed. */
export function decodeSince(since: string, epoch: string): number {
  const [, life, commit] = /^([\w-]{1,64})\.(\d{1,15})$/.exec(since) ?? [];
  if (commit === undefined) throw invalid('since', 'must be the since of an earlier answer');
  return life === epoch ? Number(commit) : 0;
}

function partsOf(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value);
const isString = (value: unknown): value is string => typeof value === 'string';
