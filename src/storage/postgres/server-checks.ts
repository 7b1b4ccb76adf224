import type { Durability } from '../storage.settings.js';
import type { PostgresConnection } from './postgres-connection.js';

const OLDEST_VERSION = 150_000;

/** Settings that make a commit survive a power cut, with the values that do. */
const DURABLE: readonly (readonly [name: string, isDurable: (value: string) => boolean])[] = [
  ['fsync', (value) => value === 'on'],
  ['full_page_writes', (value) => value === 'on'],
  ['synchronous_commit', (value) => value !== 'off'],
];

/** Throws, with the mend, when the server cannot keep what Parley promises. */
export async function checkServer(connection: PostgresConnection, durability: Durability): Promise<void> {
  const setting = async (name: string): Promise<string> => {
    const { rows } = await connection.query(`select current_setting('${name}') as value`);
    return String((rows[0] as { value: unknown }).value);
  };
  const version = Number(await setting('server_version_num'));
  if (version < OLDEST_VERSION) {
    throw new Error(`PostgreSQL ${await setting('server_version')} is too old: 15 or later is needed`);
  }
  const encoding = await setting('server_encoding');
  if (encoding !== 'UTF8') {
    throw new Error(`the database has the encoding ${encoding}: create it with encoding 'UTF8'`);
  }
  if (durability === 'process') return;
  for (const [name, isDurable] of DURABLE) {
    const value = await setting(name);
    if (isDurable(value)) continue;
    throw new Error(
      `PostgreSQL runs with ${name} = ${value}, so that a power cut loses acknowledged messages: ` +
        `set it to on, or DURABILITY to process`,
    );
  }
}
