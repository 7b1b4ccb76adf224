export { type Cancel, Clock } from './clock/clock.js';
export { SystemClock } from './clock/system-clock.js';
export { type Actor, SERVICE, type ServiceActor, type UserActor } from './connection/actor.js';
export { CLOSE, type CloseReason, ConnectionRefused } from './connection/close.js';
export { Connection, type Subprotocol } from './connection/connection.js';
export {
  type ConnectionObserver,
  ObservesConnections,
  type ReadyFields,
} from './connection/connection-observer.js';
export { ConnectionRegistry } from './connection/connection-registry.js';
export type { Principal } from './connection/principal.js';
export { Appending } from './dispatch/appending.js';
export { Caller, CurrentConnection } from './dispatch/caller.decorator.js';
export { FrameValidationPipe, validated } from './dispatch/frame-validation.pipe.js';
export { Ordered, type Ordering } from './dispatch/ordered.decorator.js';
export { RealtimeGateway } from './dispatch/realtime-gateway.decorator.js';
export { ERROR_STATUS, type ErrorCode } from './errors/error-code.js';
export {
  type ErrorDetail,
  forbidden,
  invalid,
  notFound,
  RealtimeError,
  type RealtimeErrorOptions,
} from './errors/realtime-error.js';
export { type Introduction, type PositionedFrame, Topic, Topics, type TopicSource } from './fanout/topic.js';
export { type BusListener, TopicBus } from './fanout/topic-bus.js';
export { OutboundFrame } from './frames/outbound-frame.js';
export { ErrorReporter, type ReportedError } from './errors/error-reporter.js';
export { newId } from './ids/new-id.js';
export { RealtimeModule } from './realtime.module.js';
export { REALTIME_SETTINGS } from './realtime.token.js';
export type { RealtimeSettings } from './realtime.settings.js';
export { AuthorizesUpgrades, type UpgradeScope } from './upgrade/authorizes-upgrades.decorator.js';
export type { UpgradeRequest } from './upgrade/upgrade-request.js';
