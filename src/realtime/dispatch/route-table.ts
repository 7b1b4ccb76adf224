import { Injectable } from '@nestjs/common';
import type { BoundHandler } from './bound-handler.js';
import { type RequestMeter, RequestMeters } from '../metrics/request-meters.js';
import type { Ordering } from '../gateways/ordered.decorator.js';

/** One event and its handler. */
export interface Route {
  readonly event: string;
  readonly ordering: Ordering;
  /** What a request weighs against the rate of frames. */
  readonly cost: number;
  /** `house`: a `@RealtimeGateway`'s. `plain`: of a gateway as Nest documents it. */
  readonly kind: 'house' | 'plain';
  /** Whether a `house` handler declares a body; without one, `data` must be empty. */
  readonly takesBody: boolean;
  readonly handler: BoundHandler;
  /** Counts its requests. */
  readonly meter: RequestMeter;
}

/** The lifecycle hooks of a gateway, as Nest documents them. */
export interface GatewayHooks {
  readonly name: string;
  readonly handleConnection?: (client: object, request: object) => unknown;
  readonly handleDisconnect?: (client: object, reason?: unknown) => unknown;
}

/** Everything that is reached over one path. */
export interface PathRoutes {
  readonly events: Map<string, Route>;
  readonly hooks: GatewayHooks[];
}

/** The one table of all gateways: path, event, handler. It is filled once, at boot. */
@Injectable()
export class RouteTable {
  private readonly paths = new Map<string, PathRoutes>();

  constructor(readonly meters: RequestMeters) {}

  /** The path's routes, made empty if the path is new. */
  open(path: string): PathRoutes {
    const routes = this.paths.get(path) ?? { events: new Map(), hooks: [] };
    this.paths.set(path, routes);
    return routes;
  }

  at(path: string): PathRoutes | undefined {
    return this.paths.get(path);
  }

  find(path: string, event: string): Route | undefined {
    return this.paths.get(path)?.events.get(event);
  }
}
