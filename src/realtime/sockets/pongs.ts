import type { WebSocket } from 'ws';

/** Pongs that may wait for a peer which pings and does not read. */
const MAX_PENDING = 16;

/**
 * Answers a peer's pings. While too many pongs wait to leave, only the most recent ping is answered, as RFC 6455 section
 * 5.5.3 allows: a flood of pings costs a bounded amount of memory.
 */
export class Pongs {
  private pending = 0;
  private latest: Buffer | undefined;

  constructor(private readonly ws: WebSocket) {}

  answer(payload: Buffer): void {
    if (this.pending >= MAX_PENDING) {
      this.latest = payload;
      return;
    }
    this.pending++;
    this.ws.pong(payload, false, this.onSent);
  }

  private readonly onSent = (): void => {
    this.pending--;
    const { latest } = this;
    this.latest = undefined;
    if (latest !== undefined && this.ws.readyState === this.ws.OPEN) this.answer(latest);
  };
}
