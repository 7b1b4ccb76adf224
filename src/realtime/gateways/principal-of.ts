import type { ExecutionContext } from '@nestjs/common';
import type { UserActor } from '../connection/actor.js';
import type { Principal } from '../connection/principal.js';
import { RealtimeError } from '../errors/realtime-error.js';
import { connectionOf } from './invocation.js';

/**
 * Whom the guards have found behind what is executed, be it an HTTP route, an upgrade or a handler. Throws
 * `UNAUTHENTICATED` when no guard before has found anybody.
 *
 * @example
 * ```ts
 * async canActivate(context: ExecutionContext): Promise<boolean> {
 *   return await this.staff.includes(principalOf(context).userId);
 * }
 * ```
 */
export function principalOf(context: ExecutionContext): Principal {
  if (context.getType() !== 'http') return connectionOf(context).principal;
  const { principal } = context.switchToHttp().getRequest<{ readonly principal?: Principal }>();
  if (!principal) throw new RealtimeError('UNAUTHENTICATED', 'a credential is required');
  return principal;
}

/** As `principalOf`, as the actor that services take. */
export function actorOf(context: ExecutionContext): UserActor {
  const { userId, sessionId } = principalOf(context);
  return { kind: 'user', userId, sessionId };
}
