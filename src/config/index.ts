export { ConfigError } from './config-error.js';
export { ConfigModule } from './config.module.js';
export { CONFIG } from './config.token.js';
export { type Config, type ConfigSources, type LoadedConfig, loadConfig } from './load-config.js';
export { SETTINGS } from './settings/settings.js';
