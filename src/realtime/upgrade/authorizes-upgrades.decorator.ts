import { SetMetadata } from '@nestjs/common';

/** `path`: upgrades to the gateway's own path. `every-path`: upgrades to any path of the service. */
export type UpgradeScope = 'path' | 'every-path';

export const AUTHORIZES_UPGRADES_METADATA = 'parley:authorizes-upgrades';

/**
 * Marks a gateway's method whose guards (`@UseGuards(…)` on the method, on the class, and global ones) run on the upgrade
 * request, before 101. They see an `http` execution context with the `UpgradeRequest`. The method itself is called
 * after its guards and may be empty; what it throws refuses the upgrade too. Its parameters take `@Caller()`,
 * `@CurrentPrincipal()`, `@Req()`, `@Headers(…)` and decorators of your own.
 *
 * Guards of scope `every-path` run before those of scope `path`. A guard that returns `false` refuses with 403; one that
 * throws an `HttpException` or a `RealtimeError`, with that status and code. Guards set `request.principal`; an upgrade for
 * which none did is refused with 401.
 *
 * @example
 * ```ts
 * @AuthorizesUpgrades()
 * @UseGuards(OfficeHoursGuard)
 * authorizeUpgrade(): void {}
 * ```
 */
export const AuthorizesUpgrades = (scope: UpgradeScope = 'path'): MethodDecorator =>
  SetMetadata(AUTHORIZES_UPGRADES_METADATA, scope);
