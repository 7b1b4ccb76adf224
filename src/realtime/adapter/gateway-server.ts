import { EventEmitter } from 'node:events';
import type { Connections } from '../lifecycle/connections.js';
import type { ClientFacade } from '../sockets/client-facade.js';

/**
 * What a gateway gets as `@WebSocketServer()`: the clients of its path, and `connection` events, as `ws` has them. It is
 * neither able to listen nor to close: the service does both.
 */
export class GatewayServer extends EventEmitter {
  constructor(
    readonly path: string,
    private readonly connections: Connections,
  ) {
    super();
  }

  /** The attached clients of this path, made anew each time it is asked for. */
  get clients(): Set<ClientFacade> {
    const clients = new Set<ClientFacade>();
    for (const connection of this.connections.all()) {
      if (connection.path === this.path && connection.isAttached) clients.add(connection.facade);
    }
    return clients;
  }

  /** Calls `task` once, when the first listener for `connection` comes. */
  whenHeard(task: () => void): void {
    const onListener = (event: string | symbol): void => {
      if (event !== 'connection') return;
      this.off('newListener', onListener);
      task();
    };
    this.on('newListener', onListener);
  }

  /** Emits `connection` with the client's facade and the upgrade request. */
  readonly announce = (client: object, request: object): void => {
    this.emit('connection', client, request);
  };
}
