import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../storage/index.js';

/** Drains this node and ends it when it has lost its place on the database to nodes that it shares nothing else with. */
@Injectable()
export class OustedNode {
  constructor(database: Database) {
    const logger = new Logger('Cluster');
    database.onOusted((reason) => {
      logger.fatal(`this node stops: ${reason}`);
      process.kill(process.pid, 'SIGTERM');
    });
  }
}
