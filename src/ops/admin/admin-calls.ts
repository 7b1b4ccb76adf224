import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/index.js';
import { notFound, RealtimeError } from '../../realtime/index.js';
import { HealthService } from '../health/health.service.js';
import { MetricsService } from '../metrics/metrics.service.js';
import { AdminToken } from './admin-token.js';
import { Suspensions } from './suspensions.js';

/** What an admin call is answered. */
export interface AdminAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

const CHANGE = /^\/users\/([^/]{1,256})\/(suspend|unsuspend)$/;

const NO_CONTENT: AdminAnswer = { status: 204 };

/** The calls of the admin listener. A call that is refused throws. */
@Injectable()
export class AdminCalls {
  private readonly logger = new Logger('Admin');
  private readonly token: AdminToken | undefined;

  constructor(
    @Inject(CONFIG) { ADMIN_TOKEN }: Pick<Config, 'ADMIN_TOKEN'>,
    private readonly health: HealthService,
    private readonly metrics: MetricsService,
    private readonly suspensions: Suspensions,
  ) {
    this.token = ADMIN_TOKEN === null ? undefined : new AdminToken(ADMIN_TOKEN);
  }

  async answer(request: IncomingMessage): Promise<AdminAnswer> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (request.method === 'GET' || request.method === 'HEAD') return await this.look(path);
    if (request.method === 'POST') return await this.change(path, request.headers.authorization);
    throw new RealtimeError('METHOD_NOT_ALLOWED', 'the admin calls are GET and POST');
  }

  private async look(path: string): Promise<AdminAnswer> {
    if (path === '/metrics') {
      return { status: 200, contentType: this.metrics.contentType, body: await this.metrics.text() };
    }
    if (path === '/health/live') return json(200, { status: 'up' });
    if (path !== '/health/ready') throw notFound('route');
    const health = await this.health.ready();
    return json(health.status === 'up' ? 200 : 503, health);
  }

  /** Without a token in the configuration there are no such calls. */
  private async change(path: string, authorization: string | undefined): Promise<AdminAnswer> {
    if (this.token === undefined) throw notFound('route');
    if (!this.token.isCarriedBy(authorization))
      throw new RealtimeError('UNAUTHENTICATED', 'the admin token is required');
    const [, userId, change] = CHANGE.exec(path) ?? [];
    if (userId === undefined) throw notFound('route');
    if (change === 'suspend') await this.suspensions.suspend(userId);
    else await this.suspensions.unsuspend(userId);
    this.logger.log({ msg: change === 'suspend' ? 'user suspended' : 'user let in again', userId });
    return NO_CONTENT;
  }
}

function json(status: number, body: object): AdminAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}
