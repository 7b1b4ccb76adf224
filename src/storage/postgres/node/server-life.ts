import { randomUUID } from 'node:crypto';
import { CompiledQuery, type Kysely } from 'kysely';
import pg from 'pg';
import { readMeta, writeMeta } from '../../schema/meta.js';
import { StorageError } from '../../storage-error.js';
import type { Durability } from '../../storage.settings.js';
import type { PostgresConnection } from '../postgres-connection.js';

/** The advisory lock under which nodes change what they share about the server: 'plif'. */
const LIFE_LOCK = 0x70_6c_69_66;

const SERVER = 'storage/server';
const RUN = 'storage/server-run';
const LIFE = 'storage/life';

const INSUFFICIENT_PRIVILEGE = '42501';

/** The history of the server's log, new after each failover and each restore to a point in time. */
const TIMELINE = 'left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)';

/** A dump that is restored makes the table anew. */
const TABLE = "'parley_meta'::regclass::oid::text";

/** The server's statistics begin anew after a crash, and only then. */
const CRASH = "coalesce((select extract(epoch from stats_reset)::text from pg_stat_archiver), '')";

/** What tells a server and its data from those that they were copied from. */
interface Mark {
  readonly server: string;
  /** Since when it runs without a crash; null where a crash is harmless. */
  readonly run: string | null;
}

/**
 * Names the life of the data, the same for every node: a new one when the server's data may have been set back. It is known by
 * a mark of the server, kept beside it in the database: another server, another history of its log, another table or, where
 * commits do not survive a crash of it, a crash.
 */
export class ServerLife {
  #mark: Mark | undefined;
  #life = '';

  constructor(
    private readonly durability: Durability,
    private readonly onNew: (life: string) => void,
  ) {}

  get life(): string {
    return this.#life;
  }

  /** Looks at the server behind a connection that is new: no operation may run on one that has not been looked at. */
  async check(connection: PostgresConnection): Promise<void> {
    const mark = await markOf(connection, this.durability);
    if (mark.server === this.#mark?.server && mark.run === this.#mark.run) return;
    await connection.query('begin isolation level read committed, read write');
    await surviveCrash(connection.db, this.durability);
    const life = await settled(connection.db, mark);
    await connection.query('commit');
    const isNew = this.#life !== '' && life !== this.#life;
    [this.#mark, this.#life] = [mark, life];
    if (isNew) this.onNew(life);
  }
}

/** Has this transaction survive a crash of the server, also where the others need not. */
export async function surviveCrash(
  db: Pick<Kysely<unknown>, 'executeQuery'>,
  durability: Durability,
): Promise<void> {
  if (durability === 'process') await db.executeQuery(CompiledQuery.raw('set local synchronous_commit = on'));
}

/** The life that goes with the mark: the one that is stored, or a new one for all nodes. */
async function settled(db: Kysely<unknown>, mark: Mark): Promise<string> {
  await db.executeQuery(CompiledQuery.raw('select pg_advisory_xact_lock($1)', [LIFE_LOCK]));
  const stored = await readMeta(db, LIFE);
  const isSame = (await readMeta(db, SERVER)) === mark.server && (await isSameRun(db, mark));
  const life = stored !== undefined && isSame ? stored : randomUUID();
  await writeMeta(db, SERVER, mark.server);
  if (mark.run !== null || life !== stored) await writeMeta(db, RUN, mark.run);
  if (life !== stored) await writeMeta(db, LIFE, life);
  return life;
}

/** To whom a crash is harmless it makes no difference; and of the time before it was looked at nothing is known. */
async function isSameRun(db: Kysely<unknown>, { run }: Mark): Promise<boolean> {
  const known = run === null ? undefined : await readMeta(db, RUN);
  return known === undefined || known === run;
}

async function markOf(connection: PostgresConnection, durability: Durability): Promise<Mark> {
  const standby = await connection.query('select pg_is_in_recovery() as "isStandby"');
  if ((standby.rows[0] as { isStandby: boolean }).isStandby) {
    throw new StorageError('not-stored', 'PostgreSQL is a standby, which takes no writes');
  }
  const run = durability === 'process' ? CRASH : 'null';
  const { rows } = await connection.query(`select ${TIMELINE} || '.' || ${TABLE} as place, ${run} as run`);
  const found = rows[0] as { place: string; run: string | null };
  return { server: `${await identityOf(connection)}.${found.place}`, run: found.run };
}

/** Whose role may not ask is told apart by the rest of the mark alone. */
async function identityOf(connection: PostgresConnection): Promise<string> {
  try {
    const { rows } = await connection.query(
      'select system_identifier::text as identity from pg_control_system()',
    );
    return (rows[0] as { identity: string }).identity;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE) return '';
    throw error;
  }
}
