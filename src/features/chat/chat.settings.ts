import type { AttachmentSettings } from './attachment.settings.js';
import type { RoomSizes } from './room-sizes.js';

/** Chat's settings. */
export interface ChatSettings {
  /** Largest answer with a list, in bytes; at least one item is always given. */
  readonly maxAnswerBytes: number;
  readonly rooms: RoomSizes;
  /** Messages of one user per second, in bursts of twice that; 0: no limit. */
  readonly sendsPerSecond: number;
  /** Events that are older than so many days are dropped; 0: they are kept for ever. */
  readonly retentionDays: number;
  readonly attachments: AttachmentSettings;
  readonly consumers: ConsumerSettings;
}

/** What is said of consumers of the logs from outside. */
export interface ConsumerSettings {
  /** Names of consumers that are gone for good: at the start, what is kept for them is dropped. */
  readonly forgotten: readonly string[];
  /** How long a consumer may go on after a stop has begun. */
  readonly drainMs: number;
}

/** Injects chat's `ChatSettings`. */
export const CHAT_SETTINGS = Symbol('ChatSettings');
