import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { AUTH_SETTINGS, type AuthSettings } from './auth.settings.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthSettings>({
  moduleName: 'Auth',
  optionsInjectionToken: AUTH_SETTINGS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Accounts, sessions, tokens, and the guards that stand before every upgrade. Import it once, with `forRoot` or
 * `forRootAsync`; its exports are then injectable everywhere.
 */
@Module({})
export class AuthModule extends ConfigurableModuleClass {}
