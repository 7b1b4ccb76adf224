export { useRealtime } from './adapter/use-realtime.js';
export { type Cancel, Clock } from './clock/clock.js';
export { Rounds } from './clock/rounds.js';
export { SystemClock } from './clock/system-clock.js';
export { type Actor, SERVICE, type ServiceActor, type UserActor } from './connection/actor.js';
export { CLOSE, type CloseReason, ConnectionRefused } from './connection/close.js';
export { Connection } from './connection/connection.js';
export {
  type ConnectionObserver,
  ObservesConnections,
  type ReadyFields,
} from './connection/connection-observer.js';
export { ConnectionRegistry } from './connection/connection-registry.js';
export type { Principal } from './connection/principal.js';
export { Appending } from './gateways/appending.js';
export { Caller, CurrentConnection, CurrentPrincipal } from './gateways/caller.decorator.js';
export { Cost } from './gateways/cost.decorator.js';
export { Cursors, type ListFields } from './gateways/cursor.js';
export { FrameValidationPipe, validated } from './gateways/frame-validation.pipe.js';
export { connectionOf } from './gateways/invocation.js';
export { Ordered, type Ordering } from './gateways/ordered.decorator.js';
export { actorOf, principalOf } from './gateways/principal-of.js';
export { RealtimeGateway } from './gateways/realtime-gateway.decorator.js';
export { IsId, IsText, Optional } from './gateways/rules.decorator.js';
export { isText, type TextRules } from './gateways/text.js';
export { ERROR_STATUS, type ErrorCode } from './errors/error-code.js';
export {
  type ErrorDetail,
  forbidden,
  invalid,
  notFound,
  RealtimeError,
  type RealtimeErrorOptions,
} from './errors/realtime-error.js';
export { LostPosition } from './fanout/lost-position.js';
export { type Introduction, type PositionedFrame, Topic, Topics, type TopicSource } from './fanout/topic.js';
export { type BusListener, type GapListener, TopicBus } from './fanout/topic-bus.js';
export type { Subprotocol } from './frames/codec.js';
export { faultIn } from './frames/inbound-frame.js';
export { OutboundFrame } from './frames/outbound-frame.js';
export { ErrorReporter, type ReportedError } from './errors/error-reporter.js';
export { answerHeaders } from './http/answer-headers.js';
export { refuseSocket } from './http/refuse-socket.js';
export { Counter, Histogram } from './metrics/instruments.js';
export {
  type HistogramSample,
  type HistogramTerms,
  type Labels,
  Meters,
  type Metric,
  type MetricTerms,
  type Sample,
} from './metrics/meters.js';
export { newId } from './ids/new-id.js';
export { RealtimeModule } from './realtime.module.js';
export type { RealtimeSettings } from './realtime.settings.js';
export { Draining } from './drain/draining.js';
export { type Problem, problemOf } from './errors/problem.js';
export { type Rate, type RateLimit, RateLimits } from './limits/rate-limits.js';
export type { RedisCommands } from './redis/redis.js';
export { SharedRedis } from './redis/shared-redis.js';
export { traceParentIn } from './tracing/trace-parent.js';
export { activeTrace, type TraceFields } from './tracing/tracing.js';
export { ClientAddress } from './upgrade/client-address.js';
export { FrontDoor } from './upgrade/front-door.js';
export { AuthorizesUpgrades, type UpgradeScope } from './upgrade/authorizes-upgrades.decorator.js';
export type { UpgradeRequest } from './upgrade/upgrade-request.js';
