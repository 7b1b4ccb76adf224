import type { Kysely } from 'kysely';
import {
  type ChatTables,
  insertingMany,
  keyIn,
  type RestrictionsTable,
  withManyKeys,
  writeChannelNames,
} from '../../../records/index.js';
import type { Change } from '../change.js';
import { isStreaming } from '../streaming/changes.js';
import type { Workspace } from '../workspace.js';

type Db = Kysely<ChatTables>;
type Key = readonly [string, string];

/** Reads who of those that the changes speak of is banned or silenced. */
export async function knowRestrictions(db: Db, work: Workspace, changes: readonly Change[]): Promise<void> {
  const keys = new Map(
    [...changes.flatMap(restrictedBy), ...changes.flatMap(speakerOf)].map((key) => [key.join('\0'), key]),
  );
  for (const row of await restrictionsByKey(db, [...keys.values()])) work.restrictions.know(row);
}

/** Writes bans and silences, and makes channels found by their names. */
export async function writeAdministration(db: Db, work: Workspace): Promise<void> {
  const { kept, lifted } = work.restrictions.takePending();
  await deleteRestrictions(
    db,
    lifted.map(({ room_id, user_id }) => [room_id, user_id]),
  );
  await upsertRestrictions(db, kept);
  await writeChannelNames(db, work.listings.takePending());
}

/** Who says something little by little, or takes it back. */
function speakerOf(change: Change): Key[] {
  return isStreaming(change) && change.actorId !== null ? [[change.roomId, change.actorId]] : [];
}

/** Whose ban or silence in which room a change asks about. */
function restrictedBy(change: Change): Key[] {
  switch (change.change) {
    case 'send':
    case 'edit':
    case 'join':
      return [[change.roomId, change.actorId]];
    case 'add':
      return change.userIds.map((userId) => [change.roomId, userId]);
    case 'remove':
    case 'unban':
    case 'silence':
      return [[change.roomId, change.userId]];
    default:
      return [];
  }
}

const restrictionsByKey = withManyKeys((db, keys) =>
  db
    .selectFrom('restrictions')
    .selectAll()
    .where(keyIn(['room_id', 'user_id'], keys)),
);

const deleteRestrictions = withManyKeys((db, keys) =>
  db.deleteFrom('restrictions').where(keyIn(['room_id', 'user_id'], keys)),
);

const upsertRestrictions = insertingMany<RestrictionsTable>(
  ['room_id', 'user_id', 'banned_at', 'silenced_until'],
  (db, rows) =>
    db
      .insertInto('restrictions')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['room_id', 'user_id']).doUpdateSet((row) => ({
          banned_at: row.ref('excluded.banned_at'),
          silenced_until: row.ref('excluded.silenced_until'),
        })),
      ),
);
