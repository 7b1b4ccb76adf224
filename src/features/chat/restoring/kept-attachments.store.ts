import { type Compilable, type Kysely, sql } from 'kysely';
import type { ChatTables } from '../records/index.js';

/** `id` and `bytes` of every attachment that a message names or its uploader may still send, as a query on a copy. */
export function keptAttachments(builder: Kysely<unknown>): Compilable {
  return (builder as Kysely<ChatTables>)
    .selectFrom('attachments')
    .select(['id', 'bytes'])
    .where('state', '=', sql.lit('kept' as const));
}
