/** The signs of life of one connection, in milliseconds of the monotonic clock. */
export class Vitals {
  /** When the last frame came from the client. */
  lastFrameAtMs: number;
  /** When anything at all last came, or the silence was ours. */
  lastAliveAtMs: number;
  /** When the last byte that was due left, or nothing was due. */
  lastProgressAtMs: number;
  lastPingAtMs: number;
  bytesRead = 0;
  /** The most bytes, our own pings aside, that had left at any sweep. */
  bytesLeft = 0;
  /** Bytes of the pings that were sent. */
  pingBytes = 0;

  constructor(nowMs: number) {
    this.lastFrameAtMs = nowMs;
    this.lastAliveAtMs = nowMs;
    this.lastProgressAtMs = nowMs;
    this.lastPingAtMs = nowMs;
  }
}
