import type { Compilable, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { DialectName, Migration } from '../../storage/index.js';
import { ENDINGS_MIGRATION } from './endings/endings.migrations.js';
import { PROFILE_CHANGES_MIGRATION } from './profiles/profile-changes.migrations.js';

export const AUTH_MIGRATIONS: readonly Migration[] = [
  { name: 'auth/0001-users', up: (schema, dialect) => usersTable(schema, dialect) },
  { name: 'auth/0002-sessions', up: (schema) => [...sessionsTable(schema), ...refreshTokensTable(schema)] },
  { name: 'auth/0003-signing-keys', up: (schema) => [signingKeysTable(schema)] },
  { name: 'auth/0010-user-blocks', up: (schema) => [userBlocksTable(schema)] },
  { name: 'auth/0020-foreign-identities', up: (schema) => foreignIdentities(schema) },
  ENDINGS_MIGRATION,
  { name: 'auth/0040-blocks-by-blocked', up: (schema) => [blocksByBlocked(schema)] },
  PROFILE_CHANGES_MIGRATION,
];

function usersTable({ schema }: Kysely<unknown>, dialect: DialectName): Compilable[] {
  // Prefixes are compared bytewise, as SQLite does anyway.
  const bytewise = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  return [
    schema
      .createTable('users')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('username', bytewise, (column) => column.unique())
      .addColumn('display_name', 'text', (column) => column.notNull())
      .addColumn('folded_name', bytewise, (column) => column.notNull())
      .addColumn('password_hash', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addColumn('deleted_at', 'bigint')
      .addColumn('suspended_at', 'bigint'),
    schema.createIndex('users_by_folded_name').on('users').columns(['folded_name', 'id']),
  ];
}

function sessionsTable({ schema }: Kysely<unknown>): Compilable[] {
  return [
    schema
      .createTable('sessions')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('user_id', 'text', (column) => column.notNull().references('users.id'))
      .addColumn('user_agent', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('revoked_at', 'bigint')
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('parent_generation', 'integer', (column) => column.notNull())
      .addColumn('parent_spent_at', 'bigint')
      .addColumn('is_answer_used', 'integer', (column) => column.notNull()),
    schema.createIndex('sessions_by_user').on('sessions').column('user_id'),
    schema.createIndex('sessions_by_end').on('sessions').column('expires_at'),
  ];
}

function refreshTokensTable({ schema }: Kysely<unknown>): Compilable[] {
  return [
    schema
      .createTable('refresh_tokens')
      .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
      .addColumn('session_id', 'text', (column) => column.notNull().references('sessions.id'))
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('refresh_tokens_by_session').on('refresh_tokens').column('session_id'),
  ];
}

function signingKeysTable({ schema }: Kysely<unknown>): Compilable {
  return schema
    .createTable('signing_keys')
    .addColumn('position', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('kid', 'text', (column) => column.notNull().unique())
    .addColumn('private_jwk', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull());
}

function userBlocksTable({ schema }: Kysely<unknown>): Compilable {
  return schema
    .createTable('user_blocks')
    .addColumn('blocker_id', 'text', (column) => column.notNull())
    .addColumn('blocked_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('user_blocks_key', ['blocker_id', 'blocked_id']);
}

function blocksByBlocked({ schema }: Kysely<unknown>): Compilable {
  return schema.createIndex('user_blocks_by_blocked').on('user_blocks').columns(['blocked_id', 'blocker_id']);
}

function foreignIdentities({ schema }: Kysely<unknown>): Compilable[] {
  return [
    schema
      .createTable('foreign_identities')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull().unique())
      .addColumn('claimed_name', 'text')
      .addColumn('claimed_at', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('foreign_identities_key', ['issuer', 'subject']),
    schema.alterTable('sessions').addColumn('issued_at', 'bigint'),
    schema.alterTable('sessions').addColumn('issued_after', 'bigint'),
  ];
}
