import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import { connectionOf } from './invocation.js';
import { actorOf, principalOf } from './principal-of.js';

/** The `UserActor` behind a frame, an upgrade or a call of HTTP; `UNAUTHENTICATED` where no guard has found one. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) => actorOf(context));

/** As `@Caller()`, the `Principal`: it also says when the credential ends. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal =>
  principalOf(context),
);

/** The `Connection` that the frame came from. */
export const CurrentConnection = createParamDecorator((_: unknown, context: ExecutionContext): Connection =>
  connectionOf(context),
);
