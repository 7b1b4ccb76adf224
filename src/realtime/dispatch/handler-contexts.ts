import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { isEmptyArray, selectExceptionFilterMetadata } from '@nestjs/common/internal';
import { ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { Appending } from '../gateways/appending.js';
import { invocationOf } from '../gateways/invocation.js';
import { leanPipes } from './lean-pipes.js';
import { RescuedByFilter, rescueHost } from './rescue.js';

/** A handler with its guards, pipes, interceptors and filters around it. Its result may be an Observable. */
export type BoundHandler = (...args: unknown[]) => Promise<unknown>;

type Next = () => Promise<unknown>;

interface InterceptorsConsumer {
  intercept(...args: [unknown, unknown[], object, unknown, Next, string]): Promise<unknown>;
}

interface ExceptionsHandler {
  readonly filters?: { readonly func: ExceptionFilter['catch']; readonly exceptionMetatypes: unknown[] }[];
}

/**
 * Nest's own `ExternalContextCreator`, changed in four places that it has no option for:
 * arguments are filled in with less to do a frame; an Observable keeps all of its values (Nest would take the last); an `Appending` is taken apart before interceptors see
 * the result, so that they meet the reply; and an error that no filter takes is neither logged nor answered here, but
 * rejects to the dispatcher, which knows the request's `id`.
 *
 * The members that are replaced are not all public, so `handler-contexts.spec.ts` holds them to what is used here.
 */
export function handlerContexts(creator: ExternalContextCreator): ExternalContextCreator {
  const { interceptorsConsumer } = creator as unknown as { interceptorsConsumer: InterceptorsConsumer };
  return Object.create(creator, {
    transformToResult: { value: (result: unknown) => result },
    createPipesFn: { value: leanPipes },
    interceptorsConsumer: { value: { intercept: interceptReply(interceptorsConsumer) } },
    externalErrorProxy: { value: { createProxy: rescuedByFilters } },
  }) as ExternalContextCreator;
}

function interceptReply(consumer: InterceptorsConsumer): InterceptorsConsumer['intercept'] {
  return (interceptors, args, instance, callback, next, type) => {
    const reply = (): Promise<unknown> => next().then((result) => replyIn(result, args));
    if (isEmptyArray(interceptors)) return reply();
    return consumer.intercept(interceptors, args, instance, callback, reply, type);
  };
}

function replyIn(result: unknown, args: readonly unknown[]): unknown {
  if (!(result instanceof Appending)) return result;
  invocationOf(args).onAppending(result.admitted);
  return result.reply;
}

/** Lets the filters that Nest found for a handler have the error first. What they send becomes the request's answer. */
function rescuedByFilters(target: BoundHandler, handler: ExceptionsHandler, type: string): BoundHandler {
  if (isEmptyArray(handler.filters)) return target;
  return async (...args) => {
    try {
      return await target(...args);
    } catch (error) {
      const filter = selectExceptionFilterMetadata((handler.filters ?? []) as never, error as never);
      if (filter === undefined) throw error;
      return await rescue(filter.func as ExceptionFilter['catch'], error, { args, type });
    }
  };
}

async function rescue(
  filter: ExceptionFilter['catch'],
  error: unknown,
  { args, type }: { args: unknown[]; type: string },
): Promise<unknown> {
  const { client, sent } = rescueHost(args[0] as object);
  const host = new ExecutionContextHost([client, ...args.slice(1)]);
  host.setType(type);
  await filter(error, host as ArgumentsHost);
  const [answer] = sent;
  if (answer === undefined) throw error;
  return new RescuedByFilter(answer);
}
