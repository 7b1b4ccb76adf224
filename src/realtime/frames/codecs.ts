import { CHAT } from './chat.codec.js';
import type { Codec, Subprotocol } from './codec.js';
import { SUPERCHAT } from './superchat.codec.js';

/** Every subprotocol that the service speaks, and how. */
export const CODECS: Readonly<Record<Subprotocol, Codec>> = { chat: CHAT, superchat: SUPERCHAT };
