import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ExternalContextCreator, type ParamsFactory } from '@nestjs/core';
import { MESSAGE_MAPPING_METADATA, MESSAGE_METADATA, PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import { BootError } from '../errors/boot-error.js';
import { type DiscoveredGateway, GatewayScanner } from './gateway-scanner.js';
import { bindHandler } from './bound-handler.js';
import { COST_METADATA } from '../gateways/cost.decorator.js';
import { ORDERED_METADATA, type Ordering } from '../gateways/ordered.decorator.js';
import { type GatewayHooks, type Route, RouteTable } from './route-table.js';

/** Nest's kinds of handler parameters, `WsParamtype`. */
const PARAM = { socket: 0, payload: 3, ack: 13 } as const;

/** What Nest hands to a handler that decorates none of its parameters: client, payload, acknowledgement. */
const UNDECORATED = {
  [`${PARAM.socket}:0`]: { index: 0, data: undefined, pipes: [] },
  [`${PARAM.payload}:1`]: { index: 1, data: undefined, pipes: [] },
  [`${PARAM.ack}:2`]: { index: 2, data: undefined, pipes: [] },
};

/** Where a handler's arguments stand in its execution context: client, payload, invocation, event. */
const paramsFactory: ParamsFactory = {
  exchangeKeyForValue(type: number, property: unknown, args: readonly unknown[]): unknown {
    if (type === PARAM.socket) return args[0];
    if (type === PARAM.ack) return acknowledgement(args);
    const payload = args[1];
    if (property === undefined) return payload;
    return (payload as Record<string, unknown> | null | undefined)?.[property as string];
  },
};

/** `@Ack()` is Socket.IO's; here it sends what it is given as a frame of the request's event. */
function acknowledgement(args: readonly unknown[]): (data: unknown) => void {
  const client = args[0] as { send(data: string): void };
  return (data) => client.send(JSON.stringify({ event: args.at(-1), data }));
}

/** Fills the route table when all modules are built. A gateway that could not work fails the boot here. */
@Injectable()
export class RouteBuilder implements OnApplicationBootstrap {
  constructor(
    private readonly gateways: GatewayScanner,
    private readonly routes: RouteTable,
    private readonly creator: ExternalContextCreator,
  ) {}

  onApplicationBootstrap(): void {
    for (const gateway of this.gateways.scan()) this.addGateway(gateway);
  }

  private addGateway(gateway: DiscoveredGateway): void {
    const { events, hooks } = this.routes.open(gateway.path);
    const own = hooksOf(gateway);
    if (own !== undefined) hooks.push(own);
    for (const method of gateway.methods) {
      const event = eventOf(gateway, method);
      if (event === undefined) continue;
      refuseDuplicate(events.get(event), { gateway, method, event });
      events.set(event, {
        ...buildRoute(this.creator, { gateway, method, event }),
        meter: this.routes.meters.of(event),
      });
    }
  }
}

interface Handler {
  readonly gateway: DiscoveredGateway;
  readonly method: string;
  readonly event: string;
}

interface NamedRoute extends Omit<Route, 'meter'> {
  readonly source: string;
}

function eventOf(gateway: DiscoveredGateway, method: string): string | undefined {
  const callback = gateway.instance[method] as object;
  if (Reflect.getMetadata(MESSAGE_MAPPING_METADATA, callback) === undefined) return undefined;
  const event: unknown = Reflect.getMetadata(MESSAGE_METADATA, callback);
  const place = `${gateway.name}.${method}`;
  if (typeof event !== 'string' || event === '') {
    throw new BootError(
      `${place} subscribes to something that is not a name`,
      'name the event with a string',
    );
  }
  if (gateway.prefix !== undefined && !isVerbOf(gateway.prefix, event)) {
    throw new BootError(
      `${place} handles "${event}", which is outside its gateway's prefix`,
      `name the event "${gateway.prefix}.<verb>", or move it to a gateway of its own prefix`,
    );
  }
  return event;
}

function isVerbOf(prefix: string, event: string): boolean {
  return event.startsWith(`${prefix}.`) && event.length > prefix.length + 1;
}

function refuseDuplicate(first: Route | undefined, { gateway, method, event }: Handler): void {
  if (first === undefined) return;
  throw new BootError(
    `"${event}" is handled twice on ${gateway.path}: by ${(first as Route & NamedRoute).source} and by ${gateway.name}.${method}`,
    'rename one of the events, or provide the gateway in one module only',
  );
}

function buildRoute(creator: ExternalContextCreator, { gateway, method, event }: Handler): NamedRoute {
  const callback = gateway.instance[method] as (...args: unknown[]) => unknown;
  const type = gateway.instance.constructor;
  const found = Reflect.getMetadata(PARAM_ARGS_METADATA, type, method) as object | undefined;
  // The class may have been a gateway of an earlier application in this process.
  const declared = found === UNDECORATED ? undefined : found;
  if (declared === undefined) Reflect.defineMetadata(PARAM_ARGS_METADATA, UNDECORATED, type, method);
  const { instance, wrapperId } = gateway;
  return {
    event,
    ordering: (Reflect.getMetadata(ORDERED_METADATA, callback) as Ordering | undefined) ?? 'connection',
    cost: costOf(callback, `${gateway.name}.${method}`),
    kind: gateway.prefix === undefined ? 'plain' : 'house',
    takesBody: Object.keys(declared ?? {}).some((key) => key.startsWith(`${PARAM.payload}:`)),
    handler: bindHandler(creator, { instance, method, wrapperId, paramsFactory }),
    source: `${gateway.name}.${method}`,
  };
}

function costOf(callback: object, place: string): number {
  const cost = (Reflect.getMetadata(COST_METADATA, callback) as number | undefined) ?? 1;
  if (Number.isSafeInteger(cost) && cost >= 1) return cost;
  throw new BootError(`${place} costs ${cost} frames`, 'give @Cost a whole number from 1');
}

function hooksOf({ name, instance }: DiscoveredGateway): GatewayHooks | undefined {
  const { handleConnection, handleDisconnect } = instance as Partial<GatewayHooks>;
  if (handleConnection === undefined && handleDisconnect === undefined) return undefined;
  return {
    name,
    ...(handleConnection && { handleConnection: handleConnection.bind(instance) }),
    ...(handleDisconnect && { handleDisconnect: handleDisconnect.bind(instance) }),
  };
}
