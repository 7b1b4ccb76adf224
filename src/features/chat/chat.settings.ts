import type { AttachmentSettings } from './attachment.settings.js';

/** Chat's settings. */
export interface ChatSettings {
  /** Largest answer with a list, in bytes; at least one item is always given. */
  readonly maxAnswerBytes: number;
  readonly attachments: AttachmentSettings;
}

/** Injects chat's `ChatSettings`. */
export const CHAT_SETTINGS = Symbol('ChatSettings');
