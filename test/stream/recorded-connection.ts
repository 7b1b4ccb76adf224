import {
  type CloseReason,
  Connection,
  type OutboundFrame,
  type Principal,
  type UserActor,
} from '../../src/realtime/index.js';

/** A connection that keeps what it is given. */
export class RecordedConnection extends Connection {
  readonly received: OutboundFrame[] = [];
  readonly principal: Principal;
  readonly subprotocol = 'chat';
  readonly userAgent = '';
  readonly remoteAddress = '127.0.0.1';
  readonly openedAtMs = 0;
  lastFrameAtMs = 0;
  isAttached = false;

  constructor(
    readonly id: string,
    readonly userId: string,
  ) {
    super();
    this.principal = { userId, sessionId: `session of ${userId}`, expiresAtMs: null };
  }

  get actor(): UserActor {
    return { kind: 'user', userId: this.userId, sessionId: this.principal.sessionId };
  }

  push(event: string, data: object): void {
    this.received.push({ event, data } as OutboundFrame);
  }

  pushFrame(frame: OutboundFrame): void {
    this.received.push(frame);
  }

  pushState(_key: string, frame: OutboundFrame): void {
    this.received.push(frame);
  }

  closeOnceAnswered(): void {}
  prolong(): void {
    throw new Error('not used');
  }

  close(_close: CloseReason): void {
    this.isAttached = false;
  }
}
