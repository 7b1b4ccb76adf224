import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Cancel, Clock } from '../clock/clock.js';
import { CLOSE } from '../connection/close.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { Connections } from './connections.js';
import type { SocketConnection } from '../sockets/socket-connection.js';

/** How long after a missed ping a silent connection is still believed. */
const SILENCE_GRACE_MS = 10_000;

/** A slow connection whose bytes stand still for so long is closed. */
const STALL_MS = 30_000;

const LONGEST_SWEEP_MS = 1000;

/** An unmasked ping without payload. */
const PING_BYTES = 2;

/** Pings every connection, ends the silent and the stalled ones. One timer sweeps over all of them. */
@Injectable()
export class Heartbeat implements OnApplicationBootstrap, OnApplicationShutdown {
  private cancel: Cancel | undefined;

  constructor(
    private readonly connections: Connections,
    private readonly clock: Clock,
    @Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings,
  ) {}

  onApplicationBootstrap(): void {
    const sweepMs = Math.min(LONGEST_SWEEP_MS, Math.max(1, Math.floor(this.settings.heartbeatMs / 4)));
    this.cancel = this.clock.every(sweepMs, () => this.sweep());
  }

  onApplicationShutdown(): void {
    this.cancel?.();
  }

  private sweep(): void {
    const now = this.clock.monotonicMs();
    for (const connection of this.connections.all()) {
      if (!connection.isEnding) this.check(connection, now);
    }
  }

  private check(connection: SocketConnection, now: number): void {
    const { vitals } = connection;
    this.notice(connection, now);
    if (now - vitals.lastProgressAtMs >= STALL_MS) {
      connection.close({ code: CLOSE.overload, reason: 'slow' });
    } else if (now - vitals.lastAliveAtMs >= this.settings.heartbeatMs + SILENCE_GRACE_MS) {
      connection.close({ code: CLOSE.timeout, reason: '' });
    } else if (now - vitals.lastPingAtMs >= this.settings.heartbeatMs) {
      vitals.lastPingAtMs = now;
      vitals.pingBytes += PING_BYTES;
      connection.ws.ping();
    }
  }

  /**
   * Looks at the socket's counters, so that nothing has to be done a frame. Silence does not count while we do not
   * read, nor while bytes that are not our own pings still leave.
   */
  private notice(connection: SocketConnection, now: number): void {
    const { vitals, outbox, socket, inbox } = connection;
    const bytesRead = socket.bytesRead;
    const bytesLeft = outbox.bytesLeft - vitals.pingBytes;
    const hasLeft = bytesLeft > vitals.bytesLeft;
    if (bytesRead > vitals.bytesRead || inbox.isReadingPaused || hasLeft) vitals.lastAliveAtMs = now;
    if (hasLeft || outbox.unsentBytes <= PING_BYTES) vitals.lastProgressAtMs = now;
    vitals.bytesRead = bytesRead;
    vitals.bytesLeft = Math.max(bytesLeft, vitals.bytesLeft);
  }
}
