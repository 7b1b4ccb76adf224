import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { RealtimeError } from '../../../realtime/index.js';
import { Authenticator } from '../sessions/authenticator.js';
import type { AuthenticatedUpgrade } from './authenticated-upgrade.js';
import { carriedBy } from './carriers.js';

/** Finds out who asks for a connection; 401 unless a credential verifies and its session lives. */
@Injectable()
export class CredentialsGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedUpgrade>();
    const carried = carriedBy(request);
    if (!carried) throw new RealtimeError('UNAUTHENTICATED', 'a credential is required');
    const { principal, isSuspended } =
      carried.kind === 'token'
        ? await this.authenticator.identify(carried.value)
        : await this.authenticator.redeem(carried.value);
    request.principal = principal;
    request.isSuspended = isSuspended;
    return true;
  }
}
