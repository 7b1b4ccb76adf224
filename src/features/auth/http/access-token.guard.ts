import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { forbidden } from '../../../realtime/index.js';
import { OwnCredentials } from '../credentials/own-credentials.js';
import { Authenticator } from '../sessions/authenticator.js';
import type { AuthenticatedRequest } from './authenticated-request.js';
import { bearerOf } from './bearer.js';

/**
 * Lets an HTTP request pass that carries `Authorization: Bearer <access token>` of a living session (401), whose user is
 * not suspended (403), or a credential that an `@Authenticates()` guard knows. Who that is, is then `@Caller()`.
 *
 * Cost: one signature check and one read of the store.
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly ownCredentials: OwnCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const own = await this.ownCredentials.identify(context);
    if (own?.isSuspended) throw forbidden('the user is suspended');
    request.principal = own?.principal ?? (await this.authenticator.byAccessToken(bearerOf(request) ?? ''));
    return true;
  }
}
