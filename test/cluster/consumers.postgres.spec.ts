import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Place, store as consumersStore } from '../../src/features/chat/consumers/consumers.store.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import type { Store } from '../../src/storage/index.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

const CONSUMER = 'webhooks';
const ROOMS = 9;

describeWith(POSTGRES)('consumers of the logs of several nodes on one PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let log: AppendDriver;
  let consumers: Store<typeof consumersStore>;
  const open: PostgresDatabase[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start();
    // The server ends no deadlock before the test is over.
    await server.configure({ deadlock_timeout: '1min' });
    url = await server.createDatabase();
    log = new AppendDriver(await started());
    consumers = (await started()).open(consumersStore);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(open.map(async (database) => database.stop()));
    await server.stop();
  });
  beforeEach(async () => {
    const registration = { name: CONSUMER, types: '*', from: 'now' } as const;
    await consumers.register({ consumers: [registration], forgotten: [], isAlone: false, nowMs: 0 });
  });

  async function started(): Promise<PostgresDatabase> {
    const database = new PostgresDatabase({ url, durability: 'process' });
    database.addMigrations(LOG_MIGRATIONS);
    await database.start();
    open.push(database);
    return database;
  }

  it('have rooms noted for them while they are done with the same ones in another order', async () => {
    const roomIds: string[] = [];
    for (let n = 0; n < ROOMS; n += 1) roomIds.push(await log.group());
    const note = async (): Promise<unknown> => {
      const changes = roomIds.map((roomId) => log.sending(roomId));
      return await log.appends.append({ nowMs: DRIVEN_AT_MS, changes });
    };
    await note();
    const claim = { consumer: CONSUMER, holder: 'one', leaseMs: 60_000, nowMs: DRIVEN_AT_MS };
    expect(await consumers.claim(claim)).toBe(true);
    const places: Place[] = roomIds.toReversed().map((roomId) => ({ roomId, through: 2 }));
    // A statement finds the rows in the order in which they were written last.
    for (const place of places) await consumers.acknowledge({ ...claim, places: [place] });
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    try {
      // From here on the server knows that reading all of the table is cheapest.
      await holder.query('analyze outbox');
      await holder.query('begin');
      await holder.query('select from outbox where room_id = $1 for update', [roomIds[4]]);
      const both = Promise.all([note(), consumers.acknowledge({ ...claim, places })]);
      while ((await waiting(holder)) < 2);
      await holder.query('commit');
      await expect(both).resolves.toMatchObject([{ length: ROOMS }, true]);
    } finally {
      await holder.end();
    }
  });

  it.each(['plain messages', 'what the rules decide'] as const)(
    'miss nothing of nodes that do not know of them: %s',
    async (kind) => {
      const roomId = await log.group();
      const append = async (): Promise<readonly { outcome: string }[]> => {
        const batch = { nowMs: DRIVEN_AT_MS };
        const send = log.sending(roomId);
        if (kind === 'plain messages')
          return await log.appends.send({ ...batch, changes: [send], locking: 'wait' });
        return await log.appends.append({ ...batch, changes: [{ ...send, attachmentIds: [] }] });
      };
      const late = { name: `late for ${kind}`, types: ['message'], from: 'now' } as const;
      const holder = new pg.Client({ connectionString: url });
      await holder.connect();
      try {
        await holder.query('begin');
        await holder.query('select from rooms where id = $1 for update', [roomId]);
        const begun = append();
        while ((await waiting(holder)) < 1);
        const registered = consumers.register({ consumers: [late], forgotten: [], isAlone: false, nowMs: 0 });
        while ((await waiting(holder)) < 2);
        const after = append();
        while ((await waiting(holder)) < 3);
        await holder.query('commit');
        await Promise.all([registered, begun, after]);
        const { rows } = await holder.query('select after_seq, last_seq from outbox where consumer = $1', [
          late.name,
        ]);
        expect(rows).toEqual([{ after_seq: '3', last_seq: '4' }]);
      } finally {
        await holder.end();
      }
    },
  );
});

/** Transactions that wait for others. */
async function waiting(client: pg.Client): Promise<number> {
  const { rows } = await client.query('select count(distinct pid) as count from pg_locks where not granted');
  return Number((rows[0] as { count: string }).count);
}
