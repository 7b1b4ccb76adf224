import { setTimeout as delay } from 'node:timers/promises';
import { AppModule } from '../../../src/app.module.js';
import { startParley } from '../../../src/start-parley.js';
import { PostgresConnection } from '../../../src/storage/postgres/postgres-connection.js';
import { replaceMethod } from './plant.js';

/* Tells of the commit of messages a while before it makes it. */

const EARLY_MS = 300;

/** Stores messages, in a transaction or in a statement that would be its own. */
const SENDS = /parley_send_\d+\(|insert into "messages"/;

/** Connections in a transaction that has stored messages. */
const sending = new WeakSet<object>();
const inTransaction = new WeakSet<object>();
const late = new WeakMap<object, Promise<unknown>>();

await startParley(AppModule);

// Not before: nodes that start together wait for each other's commit of the schema.
replaceMethod(
  PostgresConnection.prototype,
  'query',
  (original) =>
    async function (this: object, ...call) {
      await late.get(this);
      const commitLater = (): void => {
        const commit = delay(EARLY_MS).then(async () => original.call(this, 'commit'));
        late.set(
          this,
          commit.catch(() => undefined),
        );
      };
      const text = String(call[0]);
      if (text.startsWith('begin')) inTransaction.add(this);
      if (text === 'commit' || text === 'rollback') {
        inTransaction.delete(this);
        if (!sending.delete(this) || text === 'rollback') return original.apply(this, call);
        commitLater();
        return { command: 'COMMIT', rows: [] };
      }
      if (!SENDS.test(text)) return original.apply(this, call);
      if (inTransaction.has(this)) {
        sending.add(this);
        return original.apply(this, call);
      }
      await original.call(this, 'begin');
      try {
        return await original.apply(this, call);
      } finally {
        commitLater();
      }
    },
);
