import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { StorageError } from '../../storage-error.js';

const PAUSE_MS = 500;

const MEND = 'see that it runs, and that DATABASE_URL leads to it';

/** The server is there, and does not take connections yet. */
const STARTING = '57P03';

/** Tries again for so long as no server answers. What one answers, it would answer again. */
export async function untilAnswering(attempt: () => Promise<void>, waitMs: number): Promise<void> {
  const endMs = performance.now() + waitMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!isSilence(error) || performance.now() > endMs) {
        throw new Error(`${error.message}: ${MEND}`, { cause: error });
      }
      const line = `${error.message}: trying again for ${waitMs / 1_000} s`;
      if (isFirst) new Logger('PostgreSQL').warn(line);
    }
    await delay(PAUSE_MS);
  }
}

function isSilence({ cause }: StorageError): boolean {
  return !(cause instanceof pg.DatabaseError) || cause.code === STARTING;
}
