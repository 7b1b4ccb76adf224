import type { Kysely } from 'kysely';
import type { ChatTables } from '../../../records/index.js';
import { openWorkspace } from '../batch.store.js';
import type { Refused } from '../change.js';
import { writerOf } from '../message-rules.js';
import type { Standing } from '../standing.js';

/** One who says something in a room, at a moment. */
export interface Speaker {
  readonly roomId: string;
  readonly userId: string;
  readonly nowMs: number;
}

/** The user as one who may send in the room just now, by the very rules that a send is stored by, or why not. */
export async function speakerIn(
  db: Kysely<ChatTables>,
  { roomId, userId, nowMs }: Speaker,
): Promise<Standing | Refused> {
  const looking = { change: 'stream.abort', roomId, actorId: userId, streamId: '' } as const;
  return writerOf(await openWorkspace(db, { nowMs, changes: [looking] }), roomId, userId);
}
