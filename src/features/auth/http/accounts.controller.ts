import {
  Body,
  Controller,
  Header,
  Headers,
  HttpCode,
  Post,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { CurrentPrincipal, FrameValidationPipe } from '../../../realtime/index.js';
import type { Principal } from '../../../realtime/index.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { PasswordsService } from '../accounts/passwords.service.js';
import { LoginFailuresInterceptor } from '../limits/login-failures.interceptor.js';
import { LoginLimitGuard } from '../limits/login-limit.guard.js';
import { RegistrationGuard } from '../limits/registration.guard.js';
import type { Grant } from '../sessions/grants.service.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { LoginBody, PasswordBody, RegisterBody } from './bodies.js';

@Controller('auth')
@UsePipes(FrameValidationPipe)
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly passwords: PasswordsService,
  ) {}

  @Post('register')
  @UseGuards(RegistrationGuard)
  @Header('Cache-Control', 'no-store')
  async register(@Body() body: RegisterBody, @Headers('user-agent') userAgent = ''): Promise<Grant> {
    return await this.accounts.register(body, userAgent);
  }

  @Post('login')
  @UseGuards(LoginLimitGuard)
  @UseInterceptors(LoginFailuresInterceptor)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async logIn(@Body() body: LoginBody, @Headers('user-agent') userAgent = ''): Promise<Grant> {
    return await this.accounts.logIn(body, userAgent);
  }

  @Post('password')
  @HttpCode(204)
  @UseGuards(AccessTokenGuard, LoginLimitGuard)
  @UseInterceptors(LoginFailuresInterceptor)
  async changePassword(@CurrentPrincipal() caller: Principal, @Body() body: PasswordBody): Promise<void> {
    await this.passwords.change(caller, body);
  }
}
