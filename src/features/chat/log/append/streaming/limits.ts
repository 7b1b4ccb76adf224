/*
 * Streams live in the memory of a node, 8,000 characters each, and each is pushed to a room several times a second. A
 * user may have many, because a bot has one in each room that it answers in; in a room few are read at the same time.
 */
export const MAX_STREAMS_OF_USER = 64;
export const MAX_STREAMS_IN_ROOM = 16;
/** So that nobody takes all places of a room. */
export const MAX_STREAMS_OF_USER_IN_ROOM = 4;

/** An open stream ends by itself when nothing was appended for so long: a client that lost its way comes back sooner. */
export const STREAM_IDLE_MS = 60_000;
/** And it ends however much is appended: nobody watches one message grow for longer. */
export const STREAM_LIFE_MS = 600_000;

/** What is left of a closed stream, so that its repeated end finds the message, is removed after so long. */
export const STREAM_KEPT_MS = 86_400_000;

/** When an open stream ends by itself, if nothing more is said. */
export function endOfStream(createdAtMs: number, nowMs: number): number {
  return Math.min(nowMs + STREAM_IDLE_MS, createdAtMs + STREAM_LIFE_MS);
}
