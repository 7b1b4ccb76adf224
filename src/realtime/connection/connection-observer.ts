import { DiscoveryService } from '@nestjs/core';
import type { CloseReason } from './close.js';
import type { Connection } from './connection.js';

/** What an observer adds to the `ready` push. */
export interface ReadyFields {
  readonly [property: string]: unknown;
  /** What it accepts beyond version 1.0; the lists of all observers are joined. */
  readonly features?: readonly string[];
}

/**
 * A provider that takes part in the life of every connection. Mark the class with `@ObservesConnections()`.
 *
 * The order is: the connection is registered → every `attach` runs, side by side → `ready` is sent → every
 * `attached` runs, in the same turn of the event loop. Whatever is pushed to the connection before `ready` waits
 * for it.
 */
export interface ConnectionObserver {
  /**
   * Reads what the connection stands on. The result joins the `ready` push. Throw `ConnectionRefused` to close it
   * with a code of your choice; any other error closes it with 1011.
   */
  attach?(connection: Connection): Promise<ReadyFields | undefined>;

  /** Called right after `ready`, synchronously. It must not throw. */
  attached?(connection: Connection): void;

  /** Called once after the socket has closed, also when it closed before `ready`. It must not throw. */
  detached?(connection: Connection, close: CloseReason): void;
}

/** Marks a provider as a `ConnectionObserver`. */
export const ObservesConnections = DiscoveryService.createDecorator();
