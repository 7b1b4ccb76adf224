import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { CLOSE, type CloseReason, ConnectionRefused } from '../connection/close.js';
import type { Connection } from '../connection/connection.js';
import { ErrorReporter } from '../errors/error-reporter.js';
import {
  type ConnectionObserver,
  ObservesConnections,
  type ReadyFields,
} from '../connection/connection-observer.js';

/** All `@ObservesConnections()` providers, as one. */
@Injectable()
export class Observers implements OnApplicationBootstrap {
  private readonly logger = new Logger(Observers.name);
  private observers: readonly ConnectionObserver[] = [];
  /** Those that take part in what happens to every connection, so that the others cost it nothing. */
  private attaching: readonly ConnectionObserver[] = [];
  private attending: readonly ConnectionObserver[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly errors: ErrorReporter,
  ) {}

  onApplicationBootstrap(): void {
    const found = this.discovery.getProviders({ metadataKey: ObservesConnections.KEY });
    this.observers = [...new Set(found.map(({ instance }) => instance as ConnectionObserver))];
    this.attaching = this.observers.filter((observer) => 'attach' in observer);
    this.attending = this.observers.filter((observer) => 'attached' in observer);
  }

  /**
   * Runs every `attach` side by side. When one fails, the connection is closed as that one says, and there is nothing to
   * tell of it.
   */
  async attach(connection: Connection): Promise<ReadyFields | undefined> {
    try {
      const fields = await Promise.all(
        this.attaching.map(async (observer) => await observer.attach?.(connection)),
      );
      const features = fields.flatMap((one) => one?.features ?? []);
      return { ...(Object.assign({}, ...fields) as ReadyFields), features };
    } catch (error) {
      connection.close(this.closeFor(error, connection));
      return undefined;
    }
  }

  attached(connection: Connection): void {
    for (const observer of this.attending) this.guarded(() => observer.attached?.(connection));
  }

  detached(connection: Connection, close: CloseReason): void {
    for (const observer of this.observers) this.guarded(() => observer.detached?.(connection, close));
  }

  private closeFor(error: unknown, { id }: Connection): CloseReason {
    if (error instanceof ConnectionRefused) return error.close;
    this.errors.report(error, { connectionId: id });
    return { code: CLOSE.internal, reason: '' };
  }

  /** One observer's fault is not the others'. */
  private guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.logger.error({ msg: 'a connection observer failed', err: error });
    }
  }
}
