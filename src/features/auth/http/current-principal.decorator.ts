import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RealtimeError } from '../../../realtime/index.js';
import type { Principal } from '../../../realtime/index.js';
import type { AuthenticatedRequest } from './authenticated-request.js';

/** The `Principal` behind an HTTP request that passed `AccessTokenGuard`; without that guard the answer is 401. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!principal) throw new RealtimeError('UNAUTHENTICATED', 'an access token is required');
  return principal;
});
