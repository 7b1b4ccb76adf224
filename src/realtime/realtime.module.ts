import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { Clock } from './clock/clock.js';
import { SystemClock } from './clock/system-clock.js';
import { ErrorReporter } from './errors/error-reporter.js';
import type { RealtimeSettings } from './realtime.settings.js';
import { REALTIME_SETTINGS } from './realtime.token.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RealtimeSettings>({
  moduleName: 'Realtime',
  optionsInjectionToken: REALTIME_SETTINGS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/** The kernel: connections, frames, dispatch, fan-out. Import it once, with `forRoot` or `forRootAsync`. */
@Module({
  providers: [{ provide: Clock, useClass: SystemClock }, ErrorReporter],
  exports: [Clock, ErrorReporter, REALTIME_SETTINGS],
})
export class RealtimeModule extends ConfigurableModuleClass {}
