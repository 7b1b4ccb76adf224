import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { LoginLimits } from './login-limits.js';

/** Bounds how often an address may try passwords. `LoginFailuresInterceptor` bounds it for each account. */
@Injectable()
export class LoginLimitGuard implements CanActivate {
  constructor(private readonly limits: LoginLimits) {}

  canActivate(context: ExecutionContext): boolean {
    this.limits.takeLogin(context.switchToHttp().getRequest<IncomingMessage>());
    return true;
  }
}
