import { type ServerOptions, startServer, TestHttp, type TestServer } from 'parley/testing';
import { freePort } from '../support/free-port.js';

/** The token of the admin calls in tests. */
export const ADMIN_TOKEN = 'an admin token that nobody guesses'.replaceAll(' ', '-');

/** A service with its admin listener. */
export interface AdminServer {
  readonly server: TestServer;
  readonly admin: TestHttp;
  /** What Prometheus would read, line by line. */
  metrics(): Promise<readonly string[]>;
}

/** Starts the service with an admin listener on a port of its own. */
export async function startAdminServer(options: ServerOptions = {}): Promise<AdminServer> {
  const port = await freePort();
  const env = { ADMIN_PORT: String(port), ADMIN_TOKEN, ...options.env };
  const server = await startServer({ ...options, env });
  const url = `http://127.0.0.1:${port}`;
  return {
    server,
    admin: new TestHttp(url),
    metrics: async () => (await (await fetch(`${url}/metrics`)).text()).split('\n'),
  };
}
