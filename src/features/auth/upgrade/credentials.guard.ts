import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { RealtimeError } from '../../../realtime/index.js';
import { OwnCredentials } from '../credentials/own-credentials.js';
import { Authenticator, type Identity } from '../sessions/authenticator.js';
import type { AuthenticatedUpgrade } from './authenticated-upgrade.js';
import { type Carried, carriedBy } from './carriers.js';

/** Finds out who asks for a connection; 401 unless a credential verifies and its session lives. */
@Injectable()
export class CredentialsGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly ownCredentials: OwnCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedUpgrade>();
    const carried = carriedBy(request);
    const { principal, isSuspended } =
      (await this.ownCredentials.identify(context)) ?? (await this.#identify(carried));
    request.principal = principal;
    request.isSuspended = isSuspended;
    return true;
  }

  async #identify(carried: Carried | undefined): Promise<Identity> {
    if (!carried) throw new RealtimeError('UNAUTHENTICATED', 'a credential is required');
    if (carried.kind === 'token') return await this.authenticator.identify(carried.value);
    return await this.authenticator.redeem(carried.value);
  }
}
