import type { ArgumentsHost, ExceptionFilter, PipeTransform } from '@nestjs/common';
import { isEmptyArray, selectExceptionFilterMetadata } from '@nestjs/common/internal';
import type { ExternalContextCreator, ParamsFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import { Appending } from '../gateways/appending.js';
import { invocationOf } from '../gateways/invocation.js';
import { type FillArguments, leanPipes, type Param } from './lean-pipes.js';
import { RescuedByFilter, rescueHost } from './rescue.js';

/** A handler with its guards, pipes, interceptors and filters around it, as Nest documents them. */
export interface BoundHandler {
  /** Takes client, payload, invocation and event. The result may be a promise, and an Observable. */
  readonly handle: (...args: unknown[]) => unknown;
  /** Gives an error to the handler's filters. Rejects with it, or another, if none of them answers. */
  readonly rescue: (error: unknown, args: readonly unknown[]) => Promise<RescuedByFilter>;
}

/** The method to be bound. */
export interface HandlerMethod {
  readonly instance: object;
  readonly method: string;
  /** The id of the gateway's wrapper in the container. */
  readonly wrapperId: string;
  readonly paramsFactory: ParamsFactory;
}

interface ExceptionsHandler {
  readonly filters?: { readonly func: ExceptionFilter['catch']; readonly exceptionMetatypes: unknown[] }[];
}

interface InterceptorsConsumer {
  intercept(...args: [unknown, unknown[], object, unknown, () => Promise<unknown>, string]): Promise<unknown>;
}

interface InterceptorsCreator {
  create(...args: unknown[]): unknown[];
}

/** The members of Nest's `ExternalContextCreator` that are used and not public. */
interface CreatorInside {
  readonly interceptorsConsumer: InterceptorsConsumer;
  readonly interceptorsContextCreator: InterceptorsCreator;
}

/** What Nest found around a method. */
interface Surroundings {
  guards: number;
  interceptors: number;
  fill: FillArguments | null;
  filters: ExceptionsHandler;
}

/**
 * Binds a method by Nest's own `ExternalContextCreator`, changed where it has no option for what frames need: an
 * Observable keeps all of its values (Nest would take the last); an `Appending` is taken apart before interceptors
 * see the result, so that they meet the reply; and an error rejects to the dispatcher, which knows the request's `id`.
 * A method with neither guards nor interceptors is called without a promise of ours around it.
 *
 * Some of the members that are replaced are not public, so `bound-handler.spec.ts` holds them to what is used here.
 */
export function bindHandler(creator: ExternalContextCreator, handler: HandlerMethod): BoundHandler {
  const { instance, method, wrapperId, paramsFactory } = handler;
  const callback = (instance as Record<string, (...args: unknown[]) => unknown>)[method];
  if (callback === undefined) throw new Error(`${method} is no method`);
  // Until Nest tells, there may be guards: a handler is never taken for a bare one by mistake.
  const found: Surroundings = { guards: -1, interceptors: -1, fill: null, filters: {} };
  const whole = observed(creator, found).create(
    instance,
    callback,
    method,
    PARAM_ARGS_METADATA,
    paramsFactory,
    undefined,
    wrapperId,
    { guards: true, interceptors: true, filters: true },
    'ws',
  );
  const isBare = found.guards === 0 && found.interceptors === 0;
  return {
    handle: isBare ? bare(instance, callback, found.fill) : whole,
    rescue: (error, args) => rescue(found.filters, error, args),
  };
}

/** The creator, telling what it finds. */
function observed(creator: ExternalContextCreator, found: Surroundings): ExternalContextCreator {
  const inside = creator as unknown as CreatorInside;
  return Object.create(creator, {
    transformToResult: { value: (result: unknown) => result },
    createGuardsFn: {
      value: (...args: Parameters<ExternalContextCreator['createGuardsFn']>) => {
        found.guards = args[0].length;
        return creator.createGuardsFn(...args);
      },
    },
    createPipesFn: {
      value: (pipes: PipeTransform[], params: Param[]) => (found.fill = leanPipes(creator, pipes, params)),
    },
    interceptorsContextCreator: {
      value: {
        create: (...args: unknown[]) => {
          const interceptors = inside.interceptorsContextCreator.create(...args);
          found.interceptors = interceptors.length;
          return interceptors;
        },
      },
    },
    interceptorsConsumer: { value: { intercept: interceptReply(inside.interceptorsConsumer) } },
    externalErrorProxy: {
      value: {
        createProxy: (target: unknown, filters: ExceptionsHandler) => {
          found.filters = filters;
          return target;
        },
      },
    },
  }) as ExternalContextCreator;
}

function bare(
  instance: object,
  callback: (...args: unknown[]) => unknown,
  fill: FillArguments | null,
): BoundHandler['handle'] {
  return (...args) => {
    const filled: unknown[] = [];
    const pending = fill?.(filled, ...args);
    if (pending !== undefined) return pending.then(() => replyOf(callback.apply(instance, filled), args));
    return replyOf(callback.apply(instance, filled), args);
  };
}

function interceptReply(consumer: InterceptorsConsumer): InterceptorsConsumer['intercept'] {
  return (...around) => {
    const [interceptors, args, instance, callback, next, type] = around;
    const reply = (): Promise<unknown> => next().then((result) => replyIn(result, args));
    if (isEmptyArray(interceptors as unknown[])) return reply();
    return consumer.intercept(interceptors, args, instance, callback, reply, type);
  };
}

/** The same of what a handler returned, which may be a promise. */
function replyOf(returned: unknown, args: readonly unknown[]): unknown {
  if (!(returned instanceof Promise)) return replyIn(returned, args);
  return returned.then((result: unknown) => replyIn(result, args));
}

/** The reply of an `Appending`, whose admission is told to the request; any other result as it is. */
function replyIn(result: unknown, args: readonly unknown[]): unknown {
  if (!(result instanceof Appending)) return result;
  invocationOf(args).onAppending(result.admitted);
  return result.reply;
}

/** What a filter sends as `exception` becomes the request's answer. */
async function rescue(
  { filters = [] }: ExceptionsHandler,
  error: unknown,
  args: readonly unknown[],
): Promise<RescuedByFilter> {
  const filter = selectExceptionFilterMetadata(filters as never, error as never);
  if (filter === undefined) throw error;
  const { client, sent } = rescueHost(args[0] as object);
  const host = new ExecutionContextHost([client, ...args.slice(1)]);
  host.setType('ws');
  await filter.func(error as never, host as ArgumentsHost);
  const [answer] = sent;
  if (answer === undefined) throw error;
  return new RescuedByFilter(answer, error);
}
