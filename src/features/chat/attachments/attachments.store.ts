import { type Kysely, sql } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { suspendedAmong } from '../../auth/store.js';
import { type AttachmentsTable, type ChatTables, UNNAMED_LIFE_MS } from '../records/index.js';

type Db = Kysely<ChatTables>;

const DAY_MS = 86_400_000;

/** An upload is over long before this, or it has died. */
const LONGEST_UPLOAD_MS = 2 * 3_600_000;

export interface NewUpload {
  readonly id: string;
  readonly roomId: string;
  readonly userId: string;
  readonly nowMs: number;
}

/** Whether an upload may begin; `stranger`: the room is none that the user may know of. */
export type Admission = 'begun' | 'stranger' | 'outsider' | 'archived';

export interface FinishedUpload {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: number;
  /** 0: no limit. */
  readonly maxBytesPerDay: number;
  readonly nowMs: number;
}

/** `expired`: a sweep has taken the upload for dead. */
export type Finish = 'kept' | 'beyond the day' | 'expired';

interface Viewing {
  readonly id: string;
  readonly userId: string;
  readonly nowMs: number;
}

interface Day {
  readonly userId: string;
  readonly nowMs: number;
}

/** Attachments from the first byte of their upload to the removal of the last. */
export const store = defineStore({
  name: 'chat/attachments',
  url: import.meta.url,
  reads: {
    /** The attachment if the user may have it; null otherwise, unless a signed address has outlived the user's welcome. */
    view: async (db: Db, { id, userId, nowMs }: Viewing): Promise<AttachmentsTable | 'suspended' | null> => {
      const row = await db
        .selectFrom('attachments')
        .innerJoin('members', 'members.room_id', 'attachments.room_id')
        .selectAll('attachments')
        .where('attachments.id', '=', id)
        .where('members.user_id', '=', userId)
        .where('attachments.state', '=', 'kept')
        .executeTakeFirst();
      if (!row) return null;
      if ((await suspendedAmong(db, [userId])).size > 0) return 'suspended';
      const isOwnDraft = row.uploader_id === userId && row.created_at > nowMs - UNNAMED_LIFE_MS;
      return row.message_seq !== null || isOwnDraft ? row : null;
    },

    /** What the user has uploaded today. */
    uploadedToday: async (db: Db, day: Day): Promise<number> => uploadedOn(db, day),
  },
  writes: {
    /** The secret that signs addresses: `offered` at the first start, the same ever after, on every node. */
    secret: async (db: Db, offered: string): Promise<string> => {
      await db
        .insertInto('attachment_keys')
        .values({ id: 1, secret: offered })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
      const { secret } = await db.selectFrom('attachment_keys').select('secret').executeTakeFirstOrThrow();
      return secret;
    },

    /** Makes the row before the first byte is kept, so that whatever becomes of the bytes, a sweep finds them. */
    begin: async (db: Db, upload: NewUpload): Promise<Admission> => {
      const admission = await admissionOf(db, upload);
      if (admission !== 'begun') return admission;
      await db
        .insertInto('attachments')
        .values({
          id: upload.id,
          room_id: upload.roomId,
          uploader_id: upload.userId,
          name: '',
          mime_type: '',
          bytes: 0,
          created_at: upload.nowMs,
          message_seq: null,
          state: 'uploading',
        })
        .execute();
      return admission;
    },

    /** Makes the upload an attachment. */
    finish: async (db: Db, upload: FinishedUpload): Promise<Finish> => {
      const total = (await uploadedOn(db, upload)) + upload.bytes;
      if (upload.maxBytesPerDay > 0 && total > upload.maxBytesPerDay) return 'beyond the day';
      if (!(await makeAttachment(db, upload))) return 'expired';
      await db
        .insertInto('upload_days')
        .values({ user_id: upload.userId, day: dayOf(upload.nowMs), bytes: total })
        .onConflict((conflict) => conflict.columns(['user_id', 'day']).doUpdateSet({ bytes: total }))
        .execute();
      return 'kept';
    },

    /** Takes back those that nobody named in time and those whose upload died. Returns some whose bytes are to go. */
    expire: async (db: Db, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }) => {
      await release(db, 'kept', nowMs - UNNAMED_LIFE_MS);
      await release(db, 'uploading', nowMs - LONGEST_UPLOAD_MS);
      await db
        .deleteFrom('upload_days')
        .where('day', '<', dayOf(nowMs) - 1)
        .execute();
      const rows = await db
        .selectFrom('attachments')
        .select('id')
        // SQLite looks into an index of some rows only when the statement itself says which.
        .where('state', '=', sql.lit('released'))
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Forgets attachments whose bytes are gone. */
    forget: async (db: Db, ids: readonly string[]): Promise<void> => {
      if (ids.length === 0) return;
      await db.deleteFrom('attachments').where('id', 'in', ids).execute();
    },
  },
});

async function makeAttachment(db: Db, upload: FinishedUpload): Promise<boolean> {
  const made = await db
    .updateTable('attachments')
    .set({
      state: 'kept',
      name: upload.name,
      mime_type: upload.mimeType,
      bytes: upload.bytes,
      created_at: upload.nowMs,
    })
    .where('id', '=', upload.id)
    .where('state', '=', 'uploading')
    .returning('id')
    .execute();
  return made.length > 0;
}

async function release(db: Db, state: AttachmentsTable['state'], createdUntil: number): Promise<void> {
  await db
    .updateTable('attachments')
    .set({ state: 'released', name: '' })
    .where('message_seq', 'is', null)
    .where('created_at', '<=', createdUntil)
    .where('state', '=', state)
    .execute();
}

async function admissionOf(db: Db, { roomId, userId }: NewUpload): Promise<Admission> {
  const room = await db
    .selectFrom('rooms')
    .leftJoin('members', (join) =>
      join.onRef('members.room_id', '=', 'rooms.id').on('members.user_id', '=', userId),
    )
    .select(['rooms.kind', 'rooms.archived_at', 'members.user_id'])
    .where('rooms.id', '=', roomId)
    .executeTakeFirst();
  if (!room) return 'stranger';
  if (room.user_id === null) return room.kind === 'channel' ? 'outsider' : 'stranger';
  return room.archived_at === null ? 'begun' : 'archived';
}

async function uploadedOn(db: Db, { userId, nowMs }: Day): Promise<number> {
  const row = await db
    .selectFrom('upload_days')
    .select('bytes')
    .where('user_id', '=', userId)
    .where('day', '=', dayOf(nowMs))
    .executeTakeFirst();
  return row?.bytes ?? 0;
}

function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}
