import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { CLOSE } from '../connection/close.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { Connections } from '../lifecycle/connections.js';
import type { SocketConnection } from '../sockets/socket-connection.js';
import { Draining } from './draining.js';

/** Between two batches of closes. */
const BATCH_MS = 100;
/** Fewer than this need no spreading. */
const SMALLEST_BATCH = 50;
/** Clients come back at different moments of a stretch that is at least this long. */
const SHORTEST_RETURN_MS = 1000;
/** The end of the drain is kept for the last answers and close handshakes. */
const CLOSING_SHARE = 0.7;
const LAST_FAREWELL_SHARE = 0.85;

/**
 * Empties the node before it stops. First readiness turns 503 while all else works; then new upgrades are
 * refused, running requests end, and the connections close in batches, each told when to come back.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Drain.name);

  constructor(
    private readonly connections: Connections,
    private readonly draining: Draining,
    @Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.draining.isDraining = true;
    await sleep(this.settings.drainDelayMs);
    this.draining.isRefusing = true;
    const all = [...this.connections.all()];
    if (all.length === 0) return;
    this.logger.log(`closing ${all.length} connections`);
    const { drainMs } = this.settings;
    const deadline = performance.now() + drainMs;
    const enough = new AbortController();
    const closed = this.closeInBatches(all, drainMs * CLOSING_SHARE);
    const late = sleep(drainMs * LAST_FAREWELL_SHARE, undefined, { signal: enough.signal });
    await Promise.race([closed, late.catch(() => undefined)]);
    enough.abort();
    // Those whose requests still run are told, too: a close that was asked for is not asked for again.
    for (const connection of this.connections.all()) this.sayFarewell(connection);
    await this.untilGone(deadline);
    for (const connection of this.connections.all()) connection.ws.terminate();
  }

  private async closeInBatches(all: readonly SocketConnection[], withinMs: number): Promise<void> {
    const batches = Math.max(1, Math.floor(withinMs / BATCH_MS));
    const size = Math.max(SMALLEST_BATCH, Math.ceil(all.length / batches));
    for (let from = 0; from < all.length; from += size) {
      if (from > 0) await sleep(BATCH_MS);
      await Promise.all(all.slice(from, from + size).map((connection) => this.close(connection)));
    }
  }

  /** Everything that has come is answered first: what has not begun with a refusal, so that its client knows. */
  private async close(connection: SocketConnection): Promise<void> {
    await connection.leave();
    this.sayFarewell(connection);
  }

  private sayFarewell(connection: SocketConnection): void {
    const returnMs = Math.max(SHORTEST_RETURN_MS, this.settings.drainMs);
    const retryAfterMs = Math.ceil(Math.random() * returnMs);
    connection.close({ code: CLOSE.restart, reason: `retry-after-ms=${retryAfterMs}` });
  }

  private async untilGone(deadline: number): Promise<void> {
    while (this.connections.size > 0 && performance.now() < deadline) await sleep(10);
  }
}
