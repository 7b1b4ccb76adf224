import { DiscoveryService } from '@nestjs/core';

/**
 * Marks a guard that knows credentials of a team's own: API keys, client certificates, signatures. It is a provider of one of
 * the team's modules, and is asked at every upgrade and by every `AccessTokenGuard`, before Parley looks for an access
 * token or a ticket, in an `http` context. It
 *
 * - returns `true` and leaves the request alone when it carries no credential of its kind;
 * - sets `request.principal` when the credential is good: to a session that `Sessions.open` has opened, or a login;
 * - throws (`new RealtimeError('UNAUTHENTICATED', …)`) when the credential is bad. `false` is `FORBIDDEN`.
 *
 * Whether that session has ended and whether its user is suspended is judged afterwards, as for an access token.
 *
 * Cost: what the guard does, and one read of the store, for each upgrade and call; nothing for frames.
 *
 * @example
 * ```ts
 * @Authenticates()
 * @Injectable()
 * export class ApiKeyGuard implements CanActivate { … }
 * ```
 */
export const Authenticates = DiscoveryService.createDecorator();
