import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';

export interface NewSigningKey {
  readonly kid: string;
  readonly privateJwk: string;
  readonly nowMs: number;
}

const FIRST_POSITION = 1;

async function all(db: Kysely<AuthTables>): Promise<string[]> {
  const rows = await db.selectFrom('signing_keys').select('private_jwk').orderBy('position').execute();
  return rows.map((row) => row.private_jwk);
}

/** Two nodes that start at once both offer a key: one takes the first place, and both read that one. */
async function offerFirst(db: Kysely<AuthTables>, key: NewSigningKey): Promise<string[]> {
  await db
    .insertInto('signing_keys')
    .values({ position: FIRST_POSITION, kid: key.kid, private_jwk: key.privateJwk, created_at: key.nowMs })
    .onConflict((conflict) => conflict.column('position').doNothing())
    .execute();
  return await all(db);
}

export const store = defineStore({
  name: 'auth/signing-keys',
  url: import.meta.url,
  reads: { all },
  writes: { offerFirst },
});
