import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';
import { connectionOf } from './invocation.js';

/** The `UserActor` behind the frame. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext) => connectionOf(context).actor,
);

/** The `Connection` that the frame came from. */
export const CurrentConnection = createParamDecorator((_: unknown, context: ExecutionContext): Connection =>
  connectionOf(context),
);
