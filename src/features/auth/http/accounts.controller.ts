import { Body, Controller, Header, Headers, HttpCode, Post, UseGuards, UsePipes } from '@nestjs/common';
import { FrameValidationPipe } from '../../../realtime/index.js';
import type { Principal } from '../../../realtime/index.js';
import { AccountsService } from '../accounts/accounts.service.js';
import type { Grant } from '../sessions/sessions.service.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { LoginBody, PasswordBody, RegisterBody } from './bodies.js';
import { CurrentPrincipal } from './current-principal.decorator.js';

@Controller('auth')
@UsePipes(FrameValidationPipe)
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Post('register')
  @Header('Cache-Control', 'no-store')
  async register(@Body() body: RegisterBody, @Headers('user-agent') userAgent = ''): Promise<Grant> {
    return await this.accounts.register(body, userAgent);
  }

  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async logIn(@Body() body: LoginBody, @Headers('user-agent') userAgent = ''): Promise<Grant> {
    return await this.accounts.logIn(body, userAgent);
  }

  @Post('password')
  @HttpCode(204)
  @UseGuards(AccessTokenGuard)
  async changePassword(@CurrentPrincipal() caller: Principal, @Body() body: PasswordBody): Promise<void> {
    await this.accounts.changePassword(caller, body);
  }
}
