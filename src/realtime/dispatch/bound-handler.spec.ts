import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Catch,
  type NestInterceptor,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { ExternalContextCreator, type ParamsFactory } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  MESSAGE_METADATA,
  PARAM_ARGS_METADATA,
  PORT_METADATA,
} from '@nestjs/websockets/internal';
import { firstValueFrom, isObservable, of, toArray, type Observable } from 'rxjs';
import { Appending } from '../gateways/appending.js';
import { type BoundHandler, bindHandler } from './bound-handler.js';
import { RescuedByFilter } from './rescue.js';

const order: string[] = [];

class OrderedGuard implements CanActivate {
  canActivate(): boolean {
    order.push('guard');
    return true;
  }
}

class OrderedInterceptor implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    order.push('interceptor');
    return next.handle();
  }
}

class OrderedPipe {
  transform(value: unknown): unknown {
    order.push('pipe');
    return value;
  }
}

@Catch(RangeError)
class RangeFilter {
  catch(_: RangeError, host: { switchToWs(): { getClient(): { send(text: string): void } } }): void {
    host
      .switchToWs()
      .getClient()
      .send(JSON.stringify({ event: 'exception', data: { code: 'FAR' } }));
  }
}

@WebSocketGateway(0, { path: '/contract' })
class ContractGateway {
  @SubscribeMessage('bare')
  bare(@ConnectedSocket() client: unknown, @MessageBody() body: unknown): unknown {
    return [client, body];
  }

  @UseGuards(OrderedGuard)
  @UseInterceptors(OrderedInterceptor)
  @UsePipes(OrderedPipe)
  @SubscribeMessage('surrounded')
  surrounded(@MessageBody() body: unknown): unknown {
    order.push('handler');
    return body;
  }

  @UseGuards(OrderedGuard)
  @SubscribeMessage('guarded')
  guarded(): Observable<number> {
    return of(1, 2, 3);
  }

  @UseInterceptors(OrderedInterceptor)
  @SubscribeMessage('appending')
  appending(): Appending {
    return new Appending(Promise.resolve(), Promise.resolve({ n: 1 }));
  }

  @UseFilters(RangeFilter)
  @SubscribeMessage('filtered')
  filtered(): void {
    throw new RangeError('far');
  }
}

const client = { send: (): void => undefined };
const admissions: Promise<unknown>[] = [];
const invocation = { onAppending: (admitted: Promise<unknown>) => admissions.push(admitted) };

const paramsFactory: ParamsFactory = {
  exchangeKeyForValue: (type: number, _: unknown, args: readonly unknown[]) => args[type === 0 ? 0 : 1],
};

let module: TestingModule;
let creator: ExternalContextCreator;

function bound(method: keyof ContractGateway): BoundHandler {
  const instance = module.get(ContractGateway);
  order.length = 0;
  return bindHandler(creator, { instance, method, wrapperId: '', paramsFactory });
}

const call = (method: keyof ContractGateway, body: unknown = {}): unknown =>
  bound(method).handle(client, body, invocation, method);

beforeAll(async () => {
  module = await Test.createTestingModule({ providers: [ContractGateway] }).compile();
  creator = module.get(ExternalContextCreator, { strict: false });
});

afterAll(() => module.close());

describe('what Nest does not promise, and is built on', () => {
  it.each(['transformToResult', 'createGuardsFn', 'createPipesFn', 'getParamValue', 'create'])(
    'the creator has a method %s',
    (name) => {
      expect((creator as unknown as Record<string, unknown>)[name]).toBeInstanceOf(Function);
    },
  );

  it.each([
    ['interceptorsConsumer', 'intercept'],
    ['interceptorsContextCreator', 'create'],
    ['externalErrorProxy', 'createProxy'],
  ])('the creator’s %s has a method %s', (member, name) => {
    const inside = creator as unknown as Record<string, Record<string, unknown> | undefined>;
    expect(inside[member]?.[name]).toBeInstanceOf(Function);
  });

  it('gateways and handlers are marked with the keys that are read', () => {
    const { bare } = ContractGateway.prototype;
    expect(Reflect.getMetadata(GATEWAY_METADATA, ContractGateway)).toBe(true);
    expect(Reflect.getMetadata(GATEWAY_OPTIONS, ContractGateway)).toEqual({ path: '/contract' });
    expect(Reflect.getMetadata(PORT_METADATA, ContractGateway)).toBe(0);
    expect(Reflect.getMetadata(MESSAGE_MAPPING_METADATA, bare)).toBe(true);
    expect(Reflect.getMetadata(MESSAGE_METADATA, bare)).toBe('bare');
  });

  it('parameters are described by kind and place: 0 the socket, 3 the payload', () => {
    expect(Reflect.getMetadata(PARAM_ARGS_METADATA, ContractGateway, 'bare')).toEqual({
      '0:0': expect.objectContaining({ index: 0, pipes: [] }),
      '3:1': expect.objectContaining({ index: 1, pipes: [] }),
    });
  });
});

describe('a bound handler', () => {
  it('without anything around it is called in the same turn', () => {
    expect(call('bare', { n: 1 })).toEqual([client, { n: 1 }]);
  });

  it('runs its guards, interceptors and pipes in the order of Nest, then the method', async () => {
    const values = (await call('surrounded', 'body')) as Observable<unknown>;
    expect(await firstValueFrom(values)).toBe('body');
    expect(order).toEqual(['guard', 'interceptor', 'pipe', 'handler']);
  });

  it('keeps every value of an Observable', async () => {
    const values = (await call('guarded')) as Observable<number>;
    expect(isObservable(values)).toBe(true);
    expect(await firstValueFrom(values.pipe(toArray()))).toEqual([1, 2, 3]);
    expect(order).toEqual(['guard']);
  });

  it('takes an Appending apart before interceptors see it', async () => {
    const values = (await call('appending')) as Observable<unknown>;
    expect(await firstValueFrom(values)).toEqual({ n: 1 });
    expect(admissions).toHaveLength(1);
  });

  it('rescues by the filter that takes the error, and by no other', async () => {
    const { handle, rescue } = bound('filtered');
    const args = [client, {}, invocation, 'filtered'];
    const far = new RangeError('far');
    await expect((async () => handle(...args))()).rejects.toThrow('far');
    const rescued = await rescue(far, args);
    expect(rescued).toBeInstanceOf(RescuedByFilter);
    expect(rescued).toEqual({ data: { code: 'FAR' }, error: far });
    const other = new Error('other');
    await expect(rescue(other, args)).rejects.toBe(other);
  });
});
