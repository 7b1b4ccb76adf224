import { type Kysely, sql } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, messagesByKey } from '../records/index.js';
import { forgetMessages, searchIndex } from './follow.store.js';
import type { ChangedText, IndexedText, IndexQuery } from './search-index.js';

type Db = Kysely<ChatTables>;

export interface OldMessage extends IndexedText {
  readonly at: number;
  readonly deletedAt: number | null;
}

/** The index by itself, for the cases of its contract. */
export const store = defineStore({
  name: 'chat/search-index-probe',
  url: import.meta.url,
  reads: {
    find: async (db: Db, query: IndexQuery) => searchIndex.find(db, query),
    newest: async (db: Db) => searchIndex.newest(db),
    damage: async (db: Db) => {
      const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db);
      return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    },
  },
  writes: {
    join: async (db: Db, members: readonly (readonly [string, string])[]) => {
      const position = { role: 'member', joined_at: 0, joined_seq: 1, read_seq: 1, read_ordinal: 0 } as const;
      const rows = members.map(([user_id, room_id]) => ({
        user_id,
        room_id,
        ...position,
        changed_commit: 0,
      }));
      await db.insertInto('members').values(rows).execute();
    },
    add: async (db: Db, texts: readonly IndexedText[]) => searchIndex.add(db, texts),
    change: async (db: Db, texts: readonly ChangedText[]) => searchIndex.change(db, texts),
    remove: async (db: Db, texts: readonly IndexedText[]) => searchIndex.remove(db, texts),
    rebuild: async (db: Db) => searchIndex.rebuild(db),
    /** Deletes a room's messages. */
    drop: async (db: Db, { roomId, seqs }: { readonly roomId: string; readonly seqs: readonly number[] }) => {
      const rows = await messagesByKey(
        db,
        seqs.map((seq) => [roomId, seq]),
      );
      await forgetMessages(db, rows);
      await db.deleteFrom('messages').where('room_id', '=', roomId).where('seq', 'in', seqs).execute();
    },
    /** Messages as they were stored when there was no index. */
    insertOld: async (db: Db, messages: readonly OldMessage[]) => {
      for (const { room_id, seq, text, at, deletedAt } of messages) {
        await sql`
          insert into messages
            (room_id, seq, id, sender_id, client_id, text, created_at, deleted_at, reply_count, mentions)
          values (${room_id}, ${seq}, ${`${room_id} ${seq}`}, 'ann', ${`client ${seq}`}, ${text}, ${at}, ${deletedAt}, 0, '[]')`.execute(
          db,
        );
      }
    },
    migrate: async (db: Db, statements: readonly string[]) => {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  },
});
