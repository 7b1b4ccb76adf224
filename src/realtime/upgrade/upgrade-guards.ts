import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { ExternalContextCreator, type ParamsFactory } from '@nestjs/core';
import { type DiscoveredGateway, GatewayScanner } from '../dispatch/gateway-scanner.js';
import { AUTHORIZES_UPGRADES_METADATA, type UpgradeScope } from './authorizes-upgrades.decorator.js';
import type { UpgradeRequest } from './upgrade-request.js';

type Authorize = (request: UpgradeRequest, response: object, next: () => void) => Promise<unknown>;

/** What a decorated parameter of an upgrade's method is given, beside decorators of one's own: there is no answer to write to. */
const paramsFactory: ParamsFactory = {
  exchangeKeyForValue(type: RouteParamtypes, name: unknown, [request]: readonly unknown[]): unknown {
    const { headers } = request as UpgradeRequest;
    if (type === RouteParamtypes.REQUEST) return request;
    if (type !== RouteParamtypes.HEADERS) return undefined;
    return typeof name === 'string' ? headers[name.toLowerCase()] : headers;
  },
};

/** Runs real Nest guards on the upgrade request. */
@Injectable()
export class UpgradeGuards implements OnApplicationBootstrap {
  private readonly everyPath: Authorize[] = [];
  private readonly ofPath = new Map<string, Authorize[]>();

  constructor(
    private readonly gateways: GatewayScanner,
    private readonly creator: ExternalContextCreator,
  ) {}

  onApplicationBootstrap(): void {
    for (const gateway of this.gateways.scan()) {
      for (const method of gateway.methods) this.add(gateway, method);
    }
  }

  /** Rejects with the first guard's refusal. */
  async run(path: string, request: UpgradeRequest): Promise<void> {
    const none = {};
    for (const authorize of [...this.everyPath, ...(this.ofPath.get(path) ?? [])]) {
      await authorize(request, none, () => undefined);
    }
  }

  private add(gateway: DiscoveredGateway, method: string): void {
    const callback = gateway.instance[method] as (...args: unknown[]) => unknown;
    const scope = Reflect.getMetadata(AUTHORIZES_UPGRADES_METADATA, callback) as UpgradeScope | undefined;
    if (scope === undefined) return;
    const authorize = this.creator.create(
      gateway.instance,
      callback,
      method,
      ROUTE_ARGS_METADATA,
      paramsFactory,
      undefined,
      gateway.wrapperId,
      { guards: true, interceptors: false, filters: false },
      'http',
    ) as Authorize;
    if (scope === 'every-path') this.everyPath.push(authorize);
    else this.ofPath.set(gateway.path, [...(this.ofPath.get(gateway.path) ?? []), authorize]);
  }
}
