import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Registry } from 'prom-client';
import { CONFIG, type Config } from '../../config/index.js';
import { Meters } from '../../realtime/index.js';
import { exposed } from './exposition.js';
import { processMetrics } from './process-metrics.js';

/** Writes the metrics down for Prometheus: this service's, and those of its process. */
@Injectable()
export class MetricsService implements OnApplicationBootstrap {
  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

  constructor(
    private readonly meters: Meters,
    @Inject(CONFIG) private readonly config: Pick<Config, 'ADMIN_PORT'>,
  ) {}

  /** The process is measured from the start, if anybody can ask for it. */
  onApplicationBootstrap(): void {
    if (this.config.ADMIN_PORT !== 0) processMetrics();
  }

  /** In the text format of version 0.0.4. */
  async text(): Promise<string> {
    const [own, ofProcess] = await Promise.all([exposed(this.meters).metrics(), processMetrics().metrics()]);
    return `${own}\n${ofProcess}`;
  }
}
