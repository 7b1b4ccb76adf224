import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { CONFIG, type Config, SETTINGS } from '../../config/index.js';
import { answerHeaders, ErrorReporter, problemOf } from '../../realtime/index.js';
import { answerClientErrors } from '../http/client-errors.js';
import { listenFault } from '../http/listen-fault.js';
import { AdminCalls } from './admin-calls.js';

const LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
};

const MEND = 'set ADMIN_PORT to another, or to 0 for none';

type AdminConfig = Pick<Config, 'ADMIN_HOST' | 'ADMIN_PORT' | 'ADMIN_TOKEN'>;

/**
 * The listener for operators, apart from the public one: metrics, health, and the calls that shut users out. It is there from
 * before the service listens until after the connections are closed, so that a drain can be watched.
 */
@Injectable()
export class AdminListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Admin');
  private server: Server | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: AdminConfig,
    private readonly calls: AdminCalls,
    private readonly errors: ErrorReporter,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ADMIN_PORT: port, ADMIN_HOST: host } = this.config;
    if (port === 0) return;
    try {
      this.server = await listening(port, host, (request, response) => void this.take(request, response));
    } catch (error) {
      const fault = listenFault(error, { port, host, mend: MEND });
      if (fault === undefined || isAskedFor(this.config)) throw fault ?? error;
      this.logger.warn(`there is no admin listener: ${fault.message}`);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // No call has a body.
    request.resume();
    try {
      const { status, contentType, body = '' } = await this.calls.answer(request);
      const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
      end(response, { status, headers, body });
    } catch (error) {
      const reported = this.errors.report(error, { admin: request.method });
      end(response, { status: reported.status, ...problemOf(reported) });
    }
  }
}

/** A node's own default port may be taken by the next node on the machine; what somebody has set must work. */
function isAskedFor({ ADMIN_HOST, ADMIN_PORT, ADMIN_TOKEN }: AdminConfig): boolean {
  const hasDefaults =
    ADMIN_HOST === SETTINGS.ADMIN_HOST.fallback && ADMIN_PORT === SETTINGS.ADMIN_PORT.fallback;
  return !hasDefaults || ADMIN_TOKEN !== null;
}

async function listening(
  port: number,
  host: string,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(LIMITS, listener);
  answerClientErrors(server);
  // Of several processes that share the public port, each answers for itself alone here.
  await once(server.listen({ port, host, exclusive: true }), 'listening');
  return server;
}

function end(
  response: ServerResponse,
  answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
): void {
  const { status, headers, body } = answer;
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...answerHeaders(response.socket), ...headers, ...length });
  response.end(body);
}
