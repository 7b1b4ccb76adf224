import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, membersByKey } from '../records/index.js';

export const store = defineStore({
  name: 'chat/typing',
  url: import.meta.url,
  reads: {
    /** Those of the users who are members of the room, in their order, how many members it has, and its head. */
    members: async (
      db: Kysely<ChatTables>,
      { roomId, userIds }: { readonly roomId: string; readonly userIds: readonly string[] },
    ): Promise<{ readonly userIds: string[]; readonly memberCount: number; readonly head: number }> => {
      const room = await db
        .selectFrom('rooms')
        .select(['member_count', 'head'])
        .where('id', '=', roomId)
        .executeTakeFirst();
      const rows = await membersByKey(
        db,
        userIds.map((userId) => [roomId, userId]),
      );
      const members = new Set(rows.map(({ user_id }) => user_id));
      return {
        userIds: userIds.filter((userId) => members.has(userId)),
        memberCount: room?.member_count ?? 0,
        head: room?.head ?? 0,
      };
    },
  },
  writes: {},
});
