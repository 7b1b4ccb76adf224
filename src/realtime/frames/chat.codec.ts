import type { Codec } from './codec.js';
import { decodeText } from './inbound-frame.js';
import { encodeText, payloadOf } from './wire.js';

/** `chat`: each message is one JSON object, as text. An encoded frame is a whole WebSocket frame. */
export const CHAT: Codec = {
  name: 'chat',
  isBinary: false,
  countFrames: () => 1,
  locate: (message) => ({ start: 0, ends: [message.length] }),
  decode: decodeText,
  encode: encodeText,
  framed: (frames) => frames,
  messages: (frames) => frames.map(payloadOf),
};
