import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { HealthService } from './health.service.js';

interface Health {
  readonly status: 'up' | 'down';
  /** What keeps the node from taking work: `draining`, `store`. */
  readonly down?: readonly string[];
}

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
    const down = await this.health.down();
    if (down.length === 0) return { status: 'up' };
    response.statusCode = HttpStatus.SERVICE_UNAVAILABLE;
    return { status: 'down', down };
  }
}
