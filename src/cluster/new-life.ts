import { Injectable, Logger } from '@nestjs/common';
import { CLOSE, ConnectionRegistry } from '../realtime/index.js';
import { Database } from '../storage/index.js';

/** Longer than a node follows a room that nobody is in: what it remembers of the life before is gone by then. */
const RETURN_MS = 7_000;
const SPREAD_MS = 3_000;

/** Sends clients away when the data was set back while they were connected: they come back to the new epoch. */
@Injectable()
export class NewLife {
  constructor(database: Database, connections: ConnectionRegistry) {
    const logger = new Logger('Cluster');
    database.onNewLife(() => {
      logger.warn(
        'the database may have been set back: its epoch is new, and all clients are sent to find out',
      );
      for (const connection of connections.all()) {
        const retryAfterMs = RETURN_MS + Math.ceil(Math.random() * SPREAD_MS);
        connection.close({ code: CLOSE.restart, reason: `retry-after-ms=${retryAfterMs}` });
      }
    });
  }
}
