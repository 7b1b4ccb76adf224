export { configureHttp } from './http/configure-http.js';
export { type HttpLimits, ParleyHttpAdapter, type ParleyHttpOptions } from './http/parley-http-adapter.js';
export { ParleyLogger, type LoggerSettings } from './logging/parley-logger.js';
export { listenFault } from './http/listen-fault.js';
export { readTlsFiles, type TlsFiles, untimelyCertificate } from './tls/tls-files.js';
export { OpsModule } from './ops.module.js';
