import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Headers, Injectable, Req, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AuthorizesUpgrades,
  Caller,
  CurrentPrincipal,
  forbidden,
  type Principal,
  type UpgradeRequest,
  type UserActor,
} from '../../src/realtime/index.js';
import { DoorGateway, HeaderGuard, KernelApp, type KernelOptions } from '../support/kernel-app.js';
import { exchange } from '../support/raw-request.js';

const seen: string[] = [];

function note(guard: string, context: ExecutionContext): true {
  const place = `${context.getClass().name}.${context.getHandler().name}`;
  seen.push(`${guard} ${context.getType()} ${place}`);
  return true;
}

@Injectable()
class Verdicts {
  readonly refused: ReadonlySet<string> = new Set(['eve']);
}

@Injectable()
class PathGuard implements CanActivate {
  constructor(private readonly verdicts: Verdicts) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await Promise.resolve();
    const { principal } = context.switchToHttp().getRequest<UpgradeRequest>();
    return note('path', context) && !this.verdicts.refused.has(principal?.userId ?? '');
  }
}

class ClassGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return note('class', context);
  }
}

class GlobalGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return note('global', context);
  }
}

@UseGuards(ClassGuard)
@WebSocketGateway({ path: '/guarded' })
class GuardedGateway {
  @AuthorizesUpgrades()
  @UseGuards(PathGuard)
  authorizeUpgrade(): void {}

  @SubscribeMessage('get')
  get(): object {
    return {};
  }
}

@WebSocketGateway({ path: '/free' })
class FreeGateway {}

@WebSocketGateway({ path: '/told' })
class ToldGateway {
  told: unknown[] = [];

  @AuthorizesUpgrades()
  authorizeUpgrade(
    @Caller() actor: UserActor,
    @CurrentPrincipal() principal: Principal,
    @Req() { url }: UpgradeRequest,
    @Headers('X-User') user: string,
  ): void {
    this.told = [actor, principal, url, user];
    if (user === 'eve') throw forbidden('not you');
  }

  @SubscribeMessage('who')
  who(@Caller() actor: UserActor, @CurrentPrincipal() principal: Principal): object {
    return { actor, principal };
  }
}

let kernel: KernelApp | undefined;

async function start(options: Partial<KernelOptions> = {}): Promise<KernelApp> {
  seen.length = 0;
  const providers = [GuardedGateway, FreeGateway, ToldGateway, Verdicts, ...(options.providers ?? [])];
  return (kernel = await KernelApp.start({ ...options, providers }));
}

afterEach(async () => {
  await kernel?.close();
});

const asUser = (user: string): object => ({ headers: { 'X-User': user } });

describe('guards of an upgrade', () => {
  it('are those of every path, then those of the path, class before method, in an http context', async () => {
    const { port } = await start();
    expect((await exchange(port, { target: '/guarded' })).status).toBe(101);
    const place = 'http GuardedGateway.authorizeUpgrade';
    expect(seen).toEqual([`class ${place}`, `path ${place}`]);
  });

  it('have what they depend on', async () => {
    const { port } = await start();
    expect((await exchange(port, { target: '/guarded', ...asUser('eve') })).status).toBe(403);
  });

  it('of one path leave the others alone', async () => {
    const { port } = await start();
    expect((await exchange(port, { target: '/free', ...asUser('eve') })).status).toBe(101);
    expect(seen).toEqual([]);
  });

  it('of a class run on frames too', async () => {
    const { connect } = await start().then((app) => ({ connect: () => app.connect('ann', '/guarded') }));
    const client = await connect();
    await client.ask('get');
    expect(seen.at(-1)).toBe('class ws GuardedGateway.get');
  });

  it.each<[string, Partial<KernelOptions>]>([
    ['useGlobalGuards', { configure: (app) => app.useGlobalGuards(new GlobalGuard()) }],
    ['APP_GUARD', { providers: [{ provide: APP_GUARD, useClass: GlobalGuard }] }],
  ])('begin with the global ones of %s', async (_, options) => {
    const { port } = await start(options);
    await exchange(port, { target: '/guarded' });
    expect(seen.map((one) => one.split(' ')[0])).toEqual(['global', 'global', 'class', 'path']);
    expect(seen[0]).toBe(`global http ${DoorGateway.name}.authorizeUpgrade`);
  });

  it('can be overridden in a test', async () => {
    const useValue: CanActivate = {
      canActivate(context) {
        const request = context.switchToHttp().getRequest<UpgradeRequest>();
        request.principal = { userId: 'anybody', sessionId: 's', expiresAtMs: null };
        return true;
      },
    };
    const app = await start({ override: (builder) => builder.overrideGuard(HeaderGuard).useValue(useValue) });
    const response = await exchange(app.port, { target: '/free', headers: { 'X-User': null } });
    expect(response.status).toBe(101);
  });

  it('tell the method who asks, and as handlers are told', async () => {
    const { app, port, connect } = await start().then((kernelApp) => ({
      app: kernelApp.app,
      port: kernelApp.port,
      connect: () => kernelApp.connect('ann', '/told'),
    }));
    const client = await connect();
    const actor = { kind: 'user', userId: 'ann', sessionId: 'ann-1' };
    const principal = { userId: 'ann', sessionId: 'ann-1', expiresAtMs: null };
    expect(app.get(ToldGateway).told).toEqual([actor, principal, '/told', 'ann']);
    expect((await client.ask('who')).data).toEqual({ actor, principal });
    expect((await exchange(port, { target: '/told', ...asUser('eve') })).status).toBe(403);
  });

  it('answer 401 where the method asks for whom no guard has found', async () => {
    const { port } = await start();
    expect((await exchange(port, { target: '/told', headers: { 'X-User': null } })).status).toBe(401);
  });

  it('see the target, the address and every offered subprotocol', async () => {
    let request: UpgradeRequest | undefined;
    const spy: CanActivate = {
      canActivate(context) {
        request = context.switchToHttp().getRequest<UpgradeRequest>();
        return true;
      },
    };
    const { port } = await start({ configure: (app) => app.useGlobalGuards(spy) });
    const headers = { 'Sec-WebSocket-Protocol': 'bearer.abc, chat' };
    await exchange(port, { target: '/free?ticket=t', headers });
    expect(request).toMatchObject({ remoteAddress: '127.0.0.1', subprotocols: ['bearer.abc', 'chat'] });
    expect(request?.target.searchParams.get('ticket')).toBe('t');
  });
});
