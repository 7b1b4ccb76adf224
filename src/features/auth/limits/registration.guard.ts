import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { forbidden } from '../../../realtime/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { LoginLimits } from './login-limits.js';

/** Lets people register while registration is open (403), each address so often (429). */
@Injectable()
export class RegistrationGuard implements CanActivate {
  constructor(
    private readonly limits: LoginLimits,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (!this.settings.isRegistrationOpen) throw forbidden('registration is closed');
    this.limits.takeRegistration(context.switchToHttp().getRequest<IncomingMessage>());
    return true;
  }
}
