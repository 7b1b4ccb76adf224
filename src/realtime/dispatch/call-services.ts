import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { ErrorReporter } from '../errors/error-reporter.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { Tracing } from '../tracing/tracing.js';
import { Deadlines } from './deadlines.js';

/** What every call of a handler needs. */
@Injectable()
export class CallServices {
  readonly deadlines: Deadlines;

  constructor(
    readonly errors: ErrorReporter,
    readonly tracing: Tracing,
    clock: Clock,
    @Inject(REALTIME_SETTINGS) settings: RealtimeSettings,
  ) {
    this.deadlines = new Deadlines(clock, settings.handlerTimeoutMs);
  }
}
