import type { PipeTransform } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import { FrameValidationPipe } from '../gateways/frame-validation.pipe.js';

/** A parameter of a handler, as Nest describes it. */
export interface Param {
  readonly index: number;
  readonly type: number | string;
  readonly data: unknown;
  readonly metatype?: unknown;
  readonly schema?: unknown;
  readonly pipes: readonly unknown[];
  readonly extractValue: (...context: unknown[]) => unknown;
}

/** Fills in a handler's arguments; a promise only if something has to be waited for. */
export type FillArguments = (args: unknown[], ...context: unknown[]) => Promise<unknown> | undefined;

/** The kind of `@MessageBody()` among Nest's handler parameters. */
const PAYLOAD = 3;

/**
 * As Nest's own `createPipesFn`, with less to do a frame: a parameter without pipes is filled in at once, and the pipe of
 * `@RealtimeGateway` is not asked about parameters that it leaves alone.
 */
export function leanPipes(
  creator: ExternalContextCreator,
  pipes: PipeTransform[],
  params: Param[],
): FillArguments | null {
  if (params.length === 0) return null;
  const fills = params.map((param) => fillOf(creator, pipes, param));
  return (args, ...context) => {
    const pending = fills.map((fill) => fill(args, context)).filter((filled) => filled !== undefined);
    return pending.length > 1 ? Promise.all(pending) : pending[0];
  };
}

function fillOf(
  creator: ExternalContextCreator,
  pipes: PipeTransform[],
  { index, extractValue, type, data, metatype, schema, pipes: own }: Param,
): (args: unknown[], context: unknown[]) => Promise<void> | undefined {
  const all = [...pipes, ...(own as PipeTransform[])].filter(
    (pipe) => type === PAYLOAD || !(pipe instanceof FrameValidationPipe),
  );
  const metadata = { metatype, type, data, schema } as never;
  return (args, context) => {
    let value: unknown;
    try {
      value = extractValue(...context);
    } catch (error) {
      // Thrown, it would leave the parameters that are under way without anybody who waits for them.
      return Promise.reject(error as Error);
    }
    if (all.length > 0 || value instanceof Promise) {
      return creator.getParamValue(value, metadata, all).then((piped: unknown) => {
        args[index] = piped;
      });
    }
    args[index] = value;
    return undefined;
  };
}
