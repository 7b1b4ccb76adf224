import { CompiledQuery } from 'kysely';
import { DATABASE_NOW, type Migration } from '../../../storage/index.js';

/**
 * Whoever revokes a session or suspends a user, by whatever statement, leaves the moment of it by the database's own clock:
 * the clocks of nodes differ, and may jump.
 */
export const ENDINGS_MIGRATION: Migration = {
  name: 'auth/0030-endings',
  isCompatible: true,
  up: (_, dialect) =>
    [...COLUMNS, ...(dialect === 'postgres' ? ON_POSTGRES : ON_SQLITE)].map((text) => ({
      compile: () => CompiledQuery.raw(text),
    })),
};

const COLUMNS = ['sessions', 'users'].flatMap((table) => [
  `alter table ${table} add column ended_at bigint`,
  `create index ${table}_by_ending on ${table} (ended_at)`,
]);

const HAS_ENDED = {
  sessions: 'new.revoked_at is not null and old.revoked_at is null',
  users:
    '(new.suspended_at is not null and old.suspended_at is null) or (new.deleted_at is not null and old.deleted_at is null)',
};

const ON_POSTGRES = [
  `create function parley_note_ending() returns trigger language plpgsql as $$
    begin
      new.ended_at := ${DATABASE_NOW.postgres};
      return new;
    end $$`,
  ...Object.entries(HAS_ENDED).map(
    ([table, condition]) =>
      `create trigger ${table}_note_ending before update on ${table} for each row when (${condition})
      execute function parley_note_ending()`,
  ),
];

const ON_SQLITE = Object.entries(HAS_ENDED).map(
  ([table, condition]) =>
    `create trigger ${table}_note_ending after update on ${table} for each row when ${condition}
    begin update ${table} set ended_at = ${DATABASE_NOW.sqlite} where id = new.id; end`,
);
