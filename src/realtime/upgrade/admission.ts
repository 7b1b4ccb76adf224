import { Inject, Injectable } from '@nestjs/common';
import { ConnectionRegistry } from '../connection/connection-registry.js';
import { Draining } from '../drain/draining.js';
import { RealtimeError } from '../errors/realtime-error.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';

const FULL_RETRY_MS = 5000;
const BUSY_RETRY_MS = 1000;

/** Whether this node takes another connection just now. */
@Injectable()
export class Admission {
  /** Upgrades whose guards are running. */
  private pending = 0;

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly draining: Draining,
    @Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings,
  ) {}

  /** Throws `UNAVAILABLE` while the node is draining, full, or looks at as many upgrades as it can. */
  check(): void {
    this.checkDraining();
    const { maxConnections, maxPendingUpgrades } = this.settings;
    if (this.registry.size + this.pending >= maxConnections) throw unavailable('full', FULL_RETRY_MS);
    if (this.pending >= maxPendingUpgrades) throw unavailable('busy', BUSY_RETRY_MS);
  }

  /** Throws `UNAVAILABLE` once the node closes its connections: one that is registered later would be forgotten. */
  checkDraining(): void {
    if (!this.draining.isRefusing) return;
    throw unavailable('restarting', this.settings.drainMs);
  }

  /** Takes a place, to be given back when the connection is registered or refused. */
  enter(): () => void {
    this.check();
    this.pending++;
    let isHeld = true;
    return () => {
      if (isHeld) this.pending--;
      isHeld = false;
    };
  }
}

function unavailable(how: string, retryAfterMs: number): RealtimeError {
  return new RealtimeError('UNAVAILABLE', `the service is ${how}`, { retryAfterMs, isRoutine: true });
}
