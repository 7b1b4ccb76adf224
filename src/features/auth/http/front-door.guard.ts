import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { FrontDoor } from '../../../realtime/index.js';
import type { AuthenticatedRequest } from './authenticated-request.js';

/** Refuses as an upgrade of the same client would be refused before its credential is looked at (503, 403, 429). */
@Injectable()
export class FrontDoorGuard implements CanActivate {
  constructor(private readonly frontDoor: FrontDoor) {}

  canActivate(context: ExecutionContext): boolean {
    this.frontDoor.check(context.switchToHttp().getRequest<AuthenticatedRequest>());
    return true;
  }
}
