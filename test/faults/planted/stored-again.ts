import { AppModule } from '../../../src/app.module.js';
import { LogWriter } from '../../../src/features/chat/log/log-writer.js';
import { newId } from '../../../src/realtime/index.js';
import { startParley } from '../../../src/start-parley.js';
import { replaceMethod } from './plant.js';

/* Stores a repeated message once more: it is found to be there, and takes another name. */

type Committed = Promise<{ readonly duplicate: boolean }>;

let again = 0;

replaceMethod(
  LogWriter.prototype,
  'submit',
  (original) =>
    function (this: object, ...change) {
      const { admitted, committed } = original.apply(this, change) as {
        admitted: unknown;
        committed: Committed;
      };
      const [send] = change as [{ readonly change: string; readonly clientId: string }];
      if (send.change !== 'send') return { admitted, committed };
      const storeAgain = async (): Promise<unknown> => {
        const stored = await committed;
        if (!stored.duplicate) return stored;
        const clientId = `${send.clientId}/${process.pid}/${++again}`;
        return (original.call(this, { ...send, id: newId(), clientId }) as { committed: Committed })
          .committed;
      };
      return { admitted, committed: storeAgain() };
    },
);

await startParley(AppModule);
