import { Controller, Header, Post, UseGuards } from '@nestjs/common';
import { CurrentPrincipal, type Principal } from '../../../realtime/index.js';
import { type Ticket, TicketsService } from '../tickets/tickets.service.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { FrontDoorGuard } from './front-door.guard.js';

@Controller('auth')
export class TicketsController {
  constructor(private readonly tickets: TicketsService) {}

  @Post('ticket')
  @Header('Cache-Control', 'no-store')
  @UseGuards(FrontDoorGuard, AccessTokenGuard)
  async issue(@CurrentPrincipal() principal: Principal): Promise<Ticket> {
    return await this.tickets.issue(principal);
  }
}
