import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { ProblemFilter } from './http/problem.filter.js';

/** What running the service takes: health, and errors over HTTP as problem documents. */
@Module({
  controllers: [HealthController],
  providers: [HealthService, { provide: APP_FILTER, useClass: ProblemFilter }],
})
export class OpsModule {}
