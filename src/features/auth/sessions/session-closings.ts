import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  type Cancel,
  CLOSE,
  type CloseReason,
  ConnectionRegistry,
  TopicBus,
} from '../../../realtime/index.js';
import { Happenings } from './happenings.js';

/** Which connections end on every node, and how. */
export interface Closing {
  readonly userId: string;
  /** Connections of these sessions; `null`: every connection of the user. */
  readonly sessionIds: readonly string[] | null;
  readonly close: CloseReason;
  /** The connection that asked, which ends in its own way. */
  readonly exceptConnectionId: string | null;
}

export const REVOKED: CloseReason = { code: CLOSE.unauthenticated, reason: 'revoked' };
export const LOGGED_OUT: CloseReason = { code: CLOSE.unauthenticated, reason: 'logged-out' };
export const EXPIRED: CloseReason = { code: CLOSE.unauthenticated, reason: 'expired' };
export const SUSPENDED: CloseReason = { code: CLOSE.suspended, reason: 'suspended' };

const CHANNEL = 'auth:closings';

/**
 * Closes the connections of sessions that have ended, on every node. The store says which sessions have ended, and the
 * commit precedes the closing: a connection that is being opened meanwhile is found in the registry, or is judged by the
 * store once more.
 */
@Injectable()
export class SessionClosings implements OnModuleInit, OnModuleDestroy {
  #stop: Cancel | undefined;

  constructor(
    private readonly connections: ConnectionRegistry,
    private readonly bus: TopicBus,
    private readonly happenings: Happenings,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#stop = await this.bus.subscribe(CHANNEL, (message) => this.#closeHere(message as Closing));
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }

  /** Here at once, whatever the bus does; elsewhere as soon as the bus brings it there. */
  announce(closing: Closing): void {
    this.#closeHere(closing);
    this.bus.publish(CHANNEL, closing);
  }

  #closeHere({ userId, sessionIds, close, exceptConnectionId }: Closing): void {
    this.happenings.note(userId);
    for (const connection of this.connections.ofUser(userId)) {
      const isMeant = sessionIds === null || sessionIds.includes(connection.principal.sessionId);
      if (isMeant && connection.id !== exceptConnectionId) connection.close(close);
    }
  }
}
