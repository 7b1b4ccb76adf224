import type { Migration } from 'parley';

export interface ApiKeyTables {
  api_keys: {
    id: string;
    /** SHA-256 of the key; the key itself is nowhere. */
    digest: string;
    user_id: string;
    session_id: string;
    name: string;
    created_at: number;
  };
}

export const API_KEY_MIGRATIONS: readonly Migration[] = [
  {
    name: 'api-keys/0001-keys',
    up: ({ schema }) => [
      schema
        .createTable('api_keys')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('digest', 'text', (column) => column.notNull().unique())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('session_id', 'text', (column) => column.notNull().unique())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull()),
      schema.createIndex('api_keys_by_user').on('api_keys').column('user_id'),
    ],
  },
];
