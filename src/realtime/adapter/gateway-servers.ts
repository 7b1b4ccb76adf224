import { Injectable } from '@nestjs/common';
import { RouteTable } from '../dispatch/route-table.js';
import { Connections } from '../lifecycle/connections.js';
import { GatewayServer } from './gateway-server.js';

/** What gateways get as `@WebSocketServer()`: one a path, shared by all of that path. */
@Injectable()
export class GatewayServers {
  private readonly servers = new Map<string, GatewayServer>();

  constructor(
    private readonly connections: Connections,
    private readonly routes: RouteTable,
  ) {}

  at(path: string): GatewayServer {
    const server = this.servers.get(path) ?? this.open(path);
    this.servers.set(path, server);
    return server;
  }

  private open(path: string): GatewayServer {
    const server = new GatewayServer(path, this.connections);
    const { hooks } = this.routes.open(path);
    // It greets as gateways do: after `ready`. Only once somebody listens is there anything to do for a connection.
    server.whenHeard(() => hooks.unshift({ name: 'server', handleConnection: server.announce }));
    return server;
  }
}
