import type { ExecutionContext } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';

/** One request on its way through a handler. It is the third argument of every handler's execution context. */
export interface Invocation {
  readonly connection: Connection;
  readonly event: string;
  readonly id: string | number | undefined;
  /** Called when the handler has returned an `Appending`, with its `admitted`. */
  onAppending(admitted: Promise<unknown>): void;
}

const INVOCATION_INDEX = 2;

export function invocationOf(args: readonly unknown[]): Invocation {
  return args[INVOCATION_INDEX] as Invocation;
}

/** The connection behind a handler's execution context (type `ws`). */
export function connectionOf(context: ExecutionContext): Connection {
  return invocationOf(context.getArgs()).connection;
}
