import type { Kysely } from 'kysely';

export interface MetaTable {
  readonly parley_meta: { readonly key: string; readonly value: string };
}

/**
 * Reads a value of the table `parley_meta`, which is there for what a feature has only one of (an epoch, a format);
 * `undefined` if there is none. For use in a store's operations. Keys are `<feature>/<name>`.
 */
// eslint-disable-next-line typescript/no-explicit-any -- every store's database has this table beside its own, whatever its type says
export async function readMeta(db: Kysely<any>, key: string): Promise<string | undefined> {
  const row = await (db as Kysely<MetaTable>)
    .selectFrom('parley_meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.value;
}

/** Sets a value of the table `parley_meta`; `null` removes it. */
// eslint-disable-next-line typescript/no-explicit-any -- as above
export async function writeMeta(db: Kysely<any>, key: string, value: string | null): Promise<void> {
  const meta = db as Kysely<MetaTable>;
  if (value === null) {
    await meta.deleteFrom('parley_meta').where('key', '=', key).execute();
    return;
  }
  await meta
    .insertInto('parley_meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
