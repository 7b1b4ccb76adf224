import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  ConsoleLogger,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RealtimeGateway } from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';

const MEND = /To mend it: .{10,}/;

async function bootError(...providers: Provider[]): Promise<string> {
  const outcome = await KernelApp.start({ providers }).catch((error: unknown) => error as Error);
  if (outcome instanceof Error) return outcome.message;
  await outcome.close();
  throw new Error('it started');
}

describe('a house gateway', () => {
  it.each(['typing', 'rooms.get', 'room', 'Room.get', ' room.get'])(
    'may not handle "%s" outside its prefix',
    async (event) => {
      @RealtimeGateway('room')
      class StrayGateway {
        @SubscribeMessage(event)
        handle(): void {}
      }
      const message = await bootError(StrayGateway);
      expect(message).toContain(`StrayGateway.handle handles "${event}"`);
      expect(message).toMatch(MEND);
    },
  );

  it('may not be alone with a prefix and no verb', async () => {
    @RealtimeGateway('room')
    class VerblessGateway {
      @SubscribeMessage('room.')
      handle(): void {}
    }
    expect(await bootError(VerblessGateway)).toMatch(MEND);
  });
});

describe('a house gateway that starts', () => {
  const greeted: string[] = [];

  @RealtimeGateway('room')
  class RoomGateway {
    handleConnection(): void {
      greeted.push('hello');
    }

    @SubscribeMessage('room.get')
    get(_client: unknown, data: unknown): object {
      return { data };
    }
  }

  it.each(['a first', 'a second'])('takes no data that it does not declare, in %s application', async () => {
    const kernel = await KernelApp.start({ providers: [RoomGateway] });
    const client = await kernel.connect('ann');
    expect((await client.ask('room.get')).data).toEqual({ data: {} });
    expect((await client.ask('room.get', { n: 1 })).data).toMatchObject({ code: 'VALIDATION_FAILED' });
    await kernel.close();
  });

  it('has its hooks called as any gateway', async () => {
    greeted.length = 0;
    const kernel = await KernelApp.start({ providers: [RoomGateway] });
    const client = await kernel.connect('ann');
    await client.ask('room.get');
    expect(greeted).toEqual(['hello']);
    await kernel.close();
  });
});

describe('an event', () => {
  it('is handled once a path', async () => {
    @RealtimeGateway('room')
    class OneGateway {
      @SubscribeMessage('room.get')
      one(): void {}
    }
    @WebSocketGateway()
    class TwoGateway {
      @SubscribeMessage('room.get')
      two(): void {}
    }
    const message = await bootError(OneGateway, TwoGateway);
    expect(message).toContain('"room.get" is handled twice on /ws');
    expect(message).toContain('OneGateway.one');
    expect(message).toContain('TwoGateway.two');
    expect(message).toMatch(MEND);
  });

  it('is handled once, also when one gateway is provided twice', async () => {
    @WebSocketGateway()
    class TwiceGateway {
      @SubscribeMessage('get')
      get(): void {}
    }
    expect(await bootError(TwiceGateway, { provide: 'again', useClass: TwiceGateway })).toMatch(MEND);
  });

  it('of one name may be on different paths', async () => {
    @WebSocketGateway({ path: 'a' })
    class OneGateway {
      @SubscribeMessage('get')
      get(): string {
        return 'a';
      }
    }
    @WebSocketGateway({ path: '/b/' })
    class TwoGateway {
      @SubscribeMessage('get')
      get(): string {
        return 'b';
      }
    }
    const kernel = await KernelApp.start({ providers: [OneGateway, TwoGateway] });
    for (const path of ['a', 'b']) {
      const client = await kernel.connect('ann', `/${path}`);
      expect((await client.ask('get')).data).toBe(path);
    }
    await kernel.close();
  });

  it('is named by a string', async () => {
    @WebSocketGateway()
    class ObjectGateway {
      @SubscribeMessage({ cmd: 'get' } as never)
      get(): void {}
    }
    const message = await bootError(ObjectGateway);
    expect(message).toContain('ObjectGateway.get');
    expect(message).toMatch(MEND);
  });
});

@Injectable({ scope: Scope.REQUEST })
class OfRequest implements CanActivate, PipeTransform, NestInterceptor {
  canActivate(): boolean {
    return true;
  }

  transform(value: unknown): unknown {
    return value;
  }

  intercept(_: unknown, next: CallHandler): ReturnType<CallHandler['handle']> {
    return next.handle();
  }

  catch(): void {}
}

@Injectable()
class Middleman {
  constructor(readonly inner: OfRequest) {}
}

@WebSocketGateway({ path: '/request' })
class PlainBase {
  @SubscribeMessage('get')
  get(): void {}
}

describe('what is request-scoped', () => {
  it('is no gateway', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @WebSocketGateway()
    class ScopedGateway {}
    const message = await bootError(ScopedGateway);
    expect(message).toContain('ScopedGateway');
    expect(message).toMatch(MEND);
  });

  it('is nothing that a gateway depends on, however far', async () => {
    @WebSocketGateway()
    class DependentGateway {
      constructor(@Inject(Middleman) readonly middleman: Middleman) {}
    }
    const message = await bootError(DependentGateway, Middleman, OfRequest);
    expect(message).toContain('DependentGateway');
    expect(message).toMatch(MEND);
  });

  it.each<[string, MethodDecorator]>([
    ['guard', UseGuards(OfRequest)],
    ['pipe', UsePipes(OfRequest)],
    ['interceptor', UseInterceptors(OfRequest)],
    ['filter', UseFilters(OfRequest)],
  ])('is no %s of a handler', async (_, decorate) => {
    @WebSocketGateway()
    class UsingGateway {
      @decorate
      @SubscribeMessage('get')
      get(): void {}
    }
    const message = await bootError(UsingGateway, OfRequest);
    expect(message).toContain('UsingGateway');
    expect(message).toMatch(MEND);
  });

  it('is no pipe of a parameter', async () => {
    @WebSocketGateway()
    class UsingGateway {
      @SubscribeMessage('get')
      get(@MessageBody(OfRequest) _body: unknown): void {}
    }
    expect(await bootError(UsingGateway, OfRequest)).toMatch(MEND);
  });

  it.each([
    ['APP_GUARD', APP_GUARD],
    ['APP_PIPE', APP_PIPE],
    ['APP_INTERCEPTOR', APP_INTERCEPTOR],
    ['APP_FILTER', APP_FILTER],
  ])('is no global %s', async (name, token) => {
    const message = await bootError(PlainBase, { provide: token, useClass: OfRequest });
    expect(message).toContain(name);
    expect(message).toMatch(MEND);
  });
});

describe('a gateway’s options', () => {
  it('name no namespace', async () => {
    @WebSocketGateway({ namespace: 'chat' } as object)
    class NamespaceGateway {}
    const message = await bootError(NamespaceGateway);
    expect(message).toContain('NamespaceGateway');
    expect(message).toMatch(MEND);
  });

  it('may name a port, which is warned of once and not listened on', async () => {
    @WebSocketGateway(4321, { path: '/ported' })
    class PortGateway {
      @SubscribeMessage('get')
      get(): object {
        return { joined: true };
      }
    }
    const warnings: string[] = [];
    class Recorder extends ConsoleLogger {
      override log(): void {}
      override error(): void {}
      override warn(message: unknown): void {
        warnings.push(String(message));
      }
    }
    const kernel = await KernelApp.start({
      providers: [PortGateway],
      configure: () => Logger.overrideLogger(new Recorder()),
    });
    Logger.overrideLogger(false);
    expect(warnings).toEqual([expect.stringMatching(/PortGateway asks for port 4321/)]);
    const client = await kernel.connect('ann', '/ported');
    expect((await client.ask('get')).data).toEqual({ joined: true });
    await kernel.close();
  });
});
