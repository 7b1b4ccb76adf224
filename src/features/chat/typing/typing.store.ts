import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, membersByKey } from '../records/index.js';

export const store = defineStore({
  name: 'chat/typing',
  url: import.meta.url,
  reads: {
    /** Those of the users who are members of the room, in their order. */
    members: async (
      db: Kysely<ChatTables>,
      { roomId, userIds }: { readonly roomId: string; readonly userIds: readonly string[] },
    ): Promise<string[]> => {
      const rows = await membersByKey(
        db,
        userIds.map((userId) => [roomId, userId]),
      );
      const members = new Set(rows.map(({ user_id }) => user_id));
      return userIds.filter((userId) => members.has(userId));
    },
  },
  writes: {},
});
