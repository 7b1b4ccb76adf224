import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';

export interface StoredKey {
  readonly position: number;
  readonly privateJwk: string;
  readonly createdAtMs: number;
}

export interface NewSigningKey extends StoredKey {
  readonly kid: string;
}

type Db = Kysely<AuthTables>;

/** Oldest first. */
async function all(db: Db): Promise<StoredKey[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(['position', 'private_jwk', 'created_at'])
    .orderBy('position')
    .execute();
  return rows.map((row) => ({
    position: row.position,
    privateJwk: row.private_jwk,
    createdAtMs: row.created_at,
  }));
}

/** Nodes that offer a key for one position at once are all given the one that was first. */
async function offer(db: Db, key: NewSigningKey): Promise<StoredKey[]> {
  await db
    .insertInto('signing_keys')
    .values({
      position: key.position,
      kid: key.kid,
      private_jwk: key.privateJwk,
      created_at: key.createdAtMs,
    })
    .onConflict((conflict) => conflict.column('position').doNothing())
    .execute();
  return await all(db);
}

async function drop(db: Db, { below }: { readonly below: number }): Promise<void> {
  await db.deleteFrom('signing_keys').where('position', '<', below).execute();
}

export const store = defineStore({
  name: 'auth/signing-keys',
  url: import.meta.url,
  reads: { all },
  writes: { offer, drop },
});
