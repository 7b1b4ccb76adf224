import { Cursors, invalid } from '../../../realtime/index.js';
import { decodeOrder, encodeOrder } from '../records/index.js';
import type { ChangePlace } from './changed-positions.store.js';
import type { SyncPlace } from './sync-page.js';

/** Where the next page goes on, and the `since` that every page of one answer ends with. */
export interface SyncCursor {
  readonly place: SyncPlace;
  readonly since: string;
}

const CURSORS = new Cursors<[string, number, string]>('room.sync', ['string', 'number', 'string']);

export function encodeSyncCursor({ place, since }: SyncCursor): string {
  return CURSORS.write([], [since, place.removedFrom, encodeOrder(place.order)]);
}

/** Undefined when it belongs to another life of the log. Fails with `VALIDATION_FAILED` when it is not one of ours. */
export function decodeSyncCursor(cursor: string, epoch: string): SyncCursor | undefined {
  const [since, removedFrom, encoded] = CURSORS.read([], cursor);
  const order = decodeOrder(encoded);
  if (order === undefined) throw invalid('cursor', 'must be a nextCursor of the same request');
  return since.startsWith(`${epoch}.`) ? { place: { order, removedFrom }, since } : undefined;
}

const SINCE = /^([\w-]{1,64})\.(\d{1,15})(?:\.([\w-]{1,64}))?$/;

/** A place among the changes of members' rows, within one life of the log. */
export const encodeSince = (epoch: string, { commit, roomId }: ChangePlace): string =>
  [epoch, commit, ...(roomId === null ? [] : [roomId])].join('.');

/** In another life of the log every position counts as changed. */
export function decodeSince(since: string, epoch: string): ChangePlace {
  const [, life, commit, roomId = null] = SINCE.exec(since) ?? [];
  if (commit === undefined) throw invalid('since', 'must be the since of an earlier answer');
  return life === epoch ? { commit: Number(commit), roomId } : { commit: 0, roomId: null };
}
