import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/internal';
import { BootError } from '../errors/boot-error.js';
import { EVENT_PREFIX_METADATA, GATEWAY_PATH } from '../gateways/realtime-gateway.decorator.js';

/** A gateway as the container holds it. */
export interface DiscoveredGateway {
  readonly name: string;
  readonly instance: Record<string, unknown>;
  readonly wrapperId: string;
  readonly path: string;
  /** The prefix of a `@RealtimeGateway`; `undefined` for a plain one. */
  readonly prefix: string | undefined;
  /** Names of its methods, inherited ones included. */
  readonly methods: readonly string[];
}

const logger = new Logger('Gateways');

const GLOBAL_ENHANCER = /^APP_(GUARD|PIPE|INTERCEPTOR|FILTER) /;

/** Finds the gateways of all modules, and refuses those that could not work as they are written. */
@Injectable()
export class GatewayScanner {
  private found: readonly DiscoveredGateway[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModulesContainer,
  ) {}

  /** Every gateway, looked at once: what is warned of is warned of once. */
  scan(): readonly DiscoveredGateway[] {
    return (this.found ??= this.find());
  }

  private find(): DiscoveredGateway[] {
    for (const { injectables } of this.modules.values()) injectables.forEach(refuseScopedGlobal);
    const providers = this.discovery.getProviders();
    providers.forEach(refuseScopedGlobal);
    return providers.filter(isGateway).map((wrapper) => this.describe(wrapper));
  }

  private describe(wrapper: InstanceWrapper): DiscoveredGateway {
    const type = wrapper.metatype as new () => object;
    if (!wrapper.isDependencyTreeStatic()) {
      throw new BootError(
        `${type.name} is request-scoped, or something that it injects or is guarded by is`,
        'a gateway lives as long as the service: give it and its dependencies the default scope, and keep what belongs to a connection in a provider keyed by `Connection`',
      );
    }
    const options = (Reflect.getMetadata(GATEWAY_OPTIONS, type) ?? {}) as {
      path?: string;
      namespace?: string;
    };
    refuseForeignServer(type, options);
    return {
      name: type.name,
      instance: wrapper.instance as Record<string, unknown>,
      wrapperId: wrapper.id,
      path: normalizedPath(options.path),
      prefix: Reflect.getMetadata(EVENT_PREFIX_METADATA, type) as string | undefined,
      methods: this.scanner.getAllMethodNames(type.prototype as object),
    };
  }
}

function isGateway(wrapper: InstanceWrapper): boolean {
  const { metatype } = wrapper;
  return (
    !wrapper.isNotMetatype &&
    typeof metatype === 'function' &&
    Reflect.hasMetadata(GATEWAY_METADATA, metatype)
  );
}

/** A gateway that names no path, or the root, joins the service's own. */
export function normalizedPath(path: string | undefined): string {
  if (path === undefined || path === '' || path === '/') return GATEWAY_PATH;
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}

function refuseForeignServer(type: { name: string }, options: { namespace?: string }): void {
  if (options.namespace !== undefined) {
    throw new BootError(
      `${type.name} names a Socket.IO namespace`,
      "give it a path of its own instead: @WebSocketGateway({ path: '/…' })",
    );
  }
  const port = Reflect.getMetadata(PORT_METADATA, type) as number | undefined;
  if (port !== undefined && port !== 0) {
    logger.warn(
      `${type.name} asks for port ${port}; all gateways share the service's one port and its front door`,
    );
  }
}

/** Nest would silently leave such an enhancer out wherever it is not resolved for a request of its own. */
function refuseScopedGlobal(wrapper: InstanceWrapper): void {
  const token = String(wrapper.token);
  if (!GLOBAL_ENHANCER.test(token) || wrapper.isDependencyTreeStatic()) return;
  throw new BootError(
    `a global ${token.split(' ')[0] ?? token} is request-scoped, or something that it injects is`,
    'it would not run on frames: give it the default scope',
  );
}
