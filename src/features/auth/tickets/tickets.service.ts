import { Injectable } from '@nestjs/common';
import type { Principal } from '../../../realtime/index.js';
import { digestOf, newOpaqueToken } from '../tokens/opaque-token.js';
import { TicketStore } from './ticket-store.js';

/** How long a ticket opens a connection, in seconds. */
export const TICKET_TTL_S = 30;

export interface Ticket {
  readonly ticket: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Single-use stand-ins for an access token, short-lived enough to be seen in a URL. */
@Injectable()
export class TicketsService {
  constructor(private readonly tickets: TicketStore) {}

  async issue(principal: Principal): Promise<Ticket> {
    const ticket = newOpaqueToken();
    await this.tickets.put(digestOf(ticket), principal, TICKET_TTL_S * 1_000);
    return { ticket, expiresIn: TICKET_TTL_S };
  }

  /** Spends the ticket. */
  async redeem(ticket: string): Promise<Principal | undefined> {
    return await this.tickets.take(digestOf(ticket));
  }
}
