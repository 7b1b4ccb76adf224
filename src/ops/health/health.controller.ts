import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { type Health, HealthService } from './health.service.js';

/** Tells a load balancer and a process manager how this node is. */
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** The process answers. Restart it when this fails. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live(): Health {
    return { status: 'up' };
  }

  /** The node takes work. Send it none while this is 503. */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready(@Res({ passthrough: true }) response: ServerResponse): Promise<Health> {
    const health = await this.health.ready();
    if (health.status === 'down') response.statusCode = HttpStatus.SERVICE_UNAVAILABLE;
    return health;
  }
}
