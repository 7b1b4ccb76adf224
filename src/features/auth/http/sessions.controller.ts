import { Body, Controller, Get, Header, HttpCode, Post, UseGuards, UsePipes } from '@nestjs/common';
import { CurrentPrincipal, FrameValidationPipe } from '../../../realtime/index.js';
import type { Principal } from '../../../realtime/index.js';
import { Users } from '../accounts/users.js';
import { type Grant, GrantsService } from '../sessions/grants.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { tokenEnd } from '../sessions/token-ends/token-end.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { RefreshBody } from './bodies.js';

@Controller('auth')
@UsePipes(FrameValidationPipe)
export class SessionsController {
  constructor(
    private readonly grants: GrantsService,
    private readonly sessions: SessionsService,
    private readonly users: Users,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async refresh(@Body() body: RefreshBody): Promise<Grant> {
    return await this.grants.refresh(body.refreshToken);
  }

  @Post('logout')
  @HttpCode(204)
  @UseGuards(AccessTokenGuard)
  async logOut(@CurrentPrincipal() caller: Principal): Promise<void> {
    await this.sessions.logOut(caller);
  }

  @Get('me')
  @Header('Cache-Control', 'no-store')
  @UseGuards(AccessTokenGuard)
  async me(@CurrentPrincipal() { userId, sessionId, expiresAtMs }: Principal) {
    const [user] = await this.users.byIds([userId]);
    return { user, sessionId, expiresAt: tokenEnd(expiresAtMs) };
  }
}
