import { Inject, Injectable } from '@nestjs/common';
import { ConnectionRegistry } from '../connection/connection-registry.js';
import { Draining } from '../drain/draining.js';
import { RealtimeError } from '../errors/realtime-error.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';

const FULL_RETRY_MS = 5000;

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

  /** Throws `UNAVAILABLE` while the node is draining or full. */
  check(): void {
    this.checkDraining();
    if (this.registry.size + this.pending >= this.settings.maxConnections) {
      throw new RealtimeError('UNAVAILABLE', 'the service is full', {
        retryAfterMs: FULL_RETRY_MS,
        isRoutine: true,
      });
    }
  }

  /** Throws `UNAVAILABLE` once the node closes its connections: one that is registered later would be forgotten. */
  checkDraining(): void {
    if (!this.draining.isRefusing) return;
    throw new RealtimeError('UNAVAILABLE', 'the service is restarting', {
      retryAfterMs: this.settings.drainMs,
      isRoutine: true,
    });
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
