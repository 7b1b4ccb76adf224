import { type Abstract, type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AdminCalls } from './admin/admin-calls.js';
import { AdminListener } from './admin/admin-listener.js';
import { Suspensions } from './admin/suspensions.js';
import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { ProblemFilter } from './http/problem.filter.js';
import { MetricsService } from './metrics/metrics.service.js';

/** What operations need of the features, which they do not know. */
export interface OpsOptions {
  /** A provider that is injectable everywhere, and does what the admin listener asks for. */
  readonly suspensions: Type<Suspensions> | Abstract<Suspensions>;
}

/** What running the service takes: health, metrics, the admin listener, and errors over HTTP as problem documents. */
@Module({
  controllers: [HealthController],
  providers: [
    HealthService,
    MetricsService,
    AdminCalls,
    AdminListener,
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class OpsModule {
  static register({ suspensions }: OpsOptions): DynamicModule {
    return { module: OpsModule, providers: [{ provide: Suspensions, useExisting: suspensions }] };
  }
}
