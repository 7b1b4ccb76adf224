import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Authenticator } from '../sessions/authenticator.js';
import type { AuthenticatedRequest } from './authenticated-request.js';
import { bearerOf } from './bearer.js';

/**
 * Lets an HTTP request pass that carries `Authorization: Bearer <access token>` of a living session (401), whose user is
 * not suspended (403). The principal is then `@CurrentPrincipal()`.
 *
 * Cost: one signature check and one read of the store.
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.principal = await this.authenticator.byAccessToken(bearerOf(request) ?? '');
    return true;
  }
}
