import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { forbidden } from '../../../realtime/index.js';
import type { AuthenticatedUpgrade } from './authenticated-upgrade.js';

/** Keeps suspended users out (403). It stands behind `CredentialsGuard`, and refuses whom that has not judged. */
@Injectable()
export class SuspensionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { isSuspended } = context.switchToHttp().getRequest<AuthenticatedUpgrade>();
    if (isSuspended !== false) throw forbidden('the user is suspended');
    return true;
  }
}
