export { configureHttp } from './http/configure-http.js';
export { ParleyHttpAdapter } from './http/parley-http-adapter.js';
export { ParleyLogger, type LoggerSettings } from './logging/parley-logger.js';
export { OpsModule } from './ops.module.js';
