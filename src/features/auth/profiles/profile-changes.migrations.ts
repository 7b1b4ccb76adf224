import { CompiledQuery } from 'kysely';
import { DATABASE_NOW, type Migration } from '../../../storage/index.js';

/** Whoever changes what others see of a user leaves the moment of it by the database's own clock, as endings do. */
export const PROFILE_CHANGES_MIGRATION: Migration = {
  name: 'auth/0050-profile-changes',
  isCompatible: true,
  up: (_, dialect) =>
    [
      'alter table users add column changed_at bigint',
      'create index users_by_change on users (changed_at)',
      ...(dialect === 'postgres' ? ON_POSTGRES : ON_SQLITE),
    ].map((text) => ({ compile: () => CompiledQuery.raw(text) })),
};

const HAS_CHANGED = 'new.updated_at <> old.updated_at';

const ON_POSTGRES = [
  `create function parley_note_profile_change() returns trigger language plpgsql as $$
    begin
      new.changed_at := ${DATABASE_NOW.postgres};
      return new;
    end $$`,
  `create trigger users_note_change before update on users for each row when (${HAS_CHANGED})
    execute function parley_note_profile_change()`,
];

const ON_SQLITE = [
  `create trigger users_note_change after update on users for each row when ${HAS_CHANGED}
    begin update users set changed_at = ${DATABASE_NOW.sqlite} where id = new.id; end`,
];
