export { type Json, type ReceivedFrame, RequestFailed, UpgradeRefused } from './frames.js';
export { ManualClock } from './manual-clock.js';
export { type Exit, type ProcessOptions, runProcess, startProcess, TestProcess } from './start-process.js';
export { type ServerOptions, startServer, TestServer } from './start-server.js';
export { type Closed, type OpenOptions, TestClient } from './test-client.js';
export { type HttpAnswer, type HttpOptions, TestHttp } from './test-http.js';
export { type Carrier, type ConnectOptions, TestTarget, type TestUser } from './test-target.js';
