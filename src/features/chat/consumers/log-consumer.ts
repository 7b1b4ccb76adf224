import { DiscoveryService } from '@nestjs/core';
import type { RoomEvent } from '../log/index.js';

/** Some events that a consumer has not had yet. */
export interface LogBatch {
  /**
   * At least one. Those of one room are in the order of its log; rooms come in any order. An event carries its message
   * as it is now: one that was edited has the new text, one that was deleted is a tombstone.
   */
  readonly events: readonly RoomEvent[];
  /** 1, or one more than the last time when that failed. */
  readonly attempt: number;
  /** Aborted when nobody waits for this call any more: after `timeoutMs`, or because the service stops. */
  readonly signal: AbortSignal;
}

/**
 * Has every event of every room's log handed to it, at least once, in the order of each room: those of its `types`, from
 * its first start on. Mark the provider with `@ConsumesLog()`; Nest constructs it, and its properties stay as they are then.
 *
 * A batch counts as done when `handle` resolves, and that is as durable as the events themselves. When it rejects, or the
 * process dies meanwhile, the same events come again: an event is known by its `roomId` and `seq`. Other consumers
 * do not wait, nor do those who send messages. One node at a time hands out a consumer's events.
 */
export interface LogConsumer {
  /**
   * Under this name it is known what it has had: it is not another's, and not changed lightly. Lower case letters, digits,
   * dots and hyphens, at most 64.
   */
  readonly name: string;
  /** The types of events that it wants, or `'*'` for all, also those that there will be. */
  readonly types: '*' | readonly string[];
  /** Where a name that was never here before begins: `now`, the default, or at the `start` of every log. */
  readonly from?: 'now' | 'start';
  /** Events of one batch at most. Default 100; 1 to 1000. */
  readonly maxEvents?: number;
  /** Bytes of one batch at most, as JSON; one event is handed over whatever its size. Default 1 MiB; at least 1. */
  readonly maxBytes?: number;
  /** How long `handle` may take, in milliseconds; then it has failed. Default 30,000; 1 to 600,000. */
  readonly timeoutMs?: number;
  /** Does what is to be done about the events. To skip one for good, resolve. */
  handle(batch: LogBatch): Promise<void>;
}

/**
 * Marks a provider as a `LogConsumer`. The start fails when its properties are wrong, or two have one name.
 *
 * @example
 * ```ts
 * @ConsumesLog()
 * export class Moderation implements LogConsumer {
 *   readonly name = 'moderation';
 *   readonly types = ['message', 'message.edited'];
 *
 *   async handle({ events }: LogBatch): Promise<void> { … }
 * }
 * ```
 */
export const ConsumesLog = DiscoveryService.createDecorator();
