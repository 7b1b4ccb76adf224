import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  type Provider,
  UseGuards,
} from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  AuthorizesUpgrades,
  Clock,
  RealtimeGateway,
  RealtimeModule,
  type RealtimeSettings,
  type UpgradeRequest,
  useRealtime,
} from '../../src/realtime/index.js';
import { RawClient } from './raw-client.js';

const SETTINGS: RealtimeSettings = {
  maxConnections: 1000,
  maxPendingUpgrades: 1000,
  maxConnectionsPerUser: 20,
  maxFrameBytes: 65_536,
  maxOutboxBytes: 262_144,
  maxAnswerBytes: 262_144,
  handlerTimeoutMs: 5000,
  heartbeatMs: 25_000,
  framesPerSecond: 0,
  upgradesPerSecond: 0,
  allowedOrigins: [],
  publicUrl: null,
  trustedProxies: [],
  drainDelayMs: 0,
  drainMs: 1000,
  isCompressionEnabled: false,
  redisUrl: null,
  translateError: () => undefined,
};

/** Believes what the header `x-user` says: the kernel's own tests are not about credentials. */
@Injectable()
export class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<UpgradeRequest>();
    const user = request.headers['x-user'];
    if (typeof user === 'string')
      request.principal = { userId: user, sessionId: `${user}-1`, expiresAtMs: null };
    return true;
  }
}

@RealtimeGateway('door')
export class DoorGateway {
  @AuthorizesUpgrades('every-path')
  @UseGuards(HeaderGuard)
  authorizeUpgrade(): void {}
}

export interface KernelOptions {
  readonly providers: readonly Provider[];
  readonly settings?: Partial<RealtimeSettings>;
  readonly clock?: Clock;
  /** Called before the application starts, for global guards, pipes and the like. */
  readonly configure?: (app: INestApplication) => unknown;
  /** Called before the modules are built, to override what they hold. */
  readonly override?: (builder: TestingModuleBuilder) => unknown;
}

/** The kernel alone, with a test's own gateways, on a free port. */
export class KernelApp {
  private constructor(
    readonly app: INestApplication,
    readonly port: number,
  ) {}

  static async start(options: KernelOptions): Promise<KernelApp> {
    const builder = Test.createTestingModule({
      imports: [RealtimeModule.forRoot({ ...SETTINGS, ...options.settings })],
      providers: [DoorGateway, HeaderGuard, ...options.providers],
    });
    if (options.clock !== undefined) builder.overrideProvider(Clock).useValue(options.clock);
    options.override?.(builder);
    const module = await builder.compile();
    const app = module.createNestApplication({ logger: false });
    useRealtime(app);
    options.configure?.(app);
    await app.listen(0, '127.0.0.1');
    return new KernelApp(app, ((app.getHttpServer() as Server).address() as AddressInfo).port);
  }

  url(path = '/ws'): string {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  /** A connection of `user` that has taken its `ready`. */
  async connect(user: string, path = '/ws', subprotocols: string[] = []): Promise<RawClient> {
    const client = await RawClient.open(this.url(path), { headers: { 'x-user': user } }, subprotocols);
    await client.take(({ event }) => event === 'ready');
    return client;
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
