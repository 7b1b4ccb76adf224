import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { GatewayServers } from './adapter/gateway-servers.js';
import { RealtimeAdapter } from './adapter/realtime.adapter.js';
import { Upgrades } from './adapter/upgrades.js';
import { ConnectionCaps } from './caps/connection-caps.js';
import { ConnectionDirectory } from './caps/connection-directory.js';
import { MemoryConnectionDirectory } from './caps/connection-directory.memory.js';
import { RedisConnectionDirectory } from './caps/connection-directory.redis.js';
import { Clock } from './clock/clock.js';
import { SystemClock } from './clock/system-clock.js';
import { ConnectionRegistry } from './connection/connection-registry.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { FrameValidationPipe } from './gateways/frame-validation.pipe.js';
import { GatewayScanner } from './dispatch/gateway-scanner.js';
import { RequestReader } from './dispatch/request-reader.js';
import { RouteBuilder } from './dispatch/route-builder.js';
import { RouteTable } from './dispatch/route-table.js';
import { CallServices } from './dispatch/call-services.js';
import { Drain } from './drain/drain.js';
import { Draining } from './drain/draining.js';
import { ErrorReporter } from './errors/error-reporter.js';
import { PositionedTopics } from './fanout/positioned-topic.js';
import { TopicBus } from './fanout/topic-bus.js';
import { MemoryTopicBus } from './fanout/topic-bus.memory.js';
import { RedisTopicBus } from './fanout/topic-bus.redis.js';
import { Topics } from './fanout/topic.js';
import { FrameRate } from './limits/frame-rate.js';
import { RateLimits } from './limits/rate-limits.js';
import { MemoryRateLimits } from './limits/rate-limits.memory.js';
import { RedisRateLimits } from './limits/rate-limits.redis.js';
import { ConnectionGauges } from './metrics/connection-gauges.js';
import { ConnectionRecords } from './metrics/connection-records.js';
import { Meters } from './metrics/meters.js';
import { RequestMeters } from './metrics/request-meters.js';
import { Traffic } from './metrics/traffic.js';
import type { RealtimeSettings } from './realtime.settings.js';
import { REALTIME_SETTINGS } from './realtime.token.js';
import { SharedRedis } from './redis/shared-redis.js';
import { ConnectionFactory } from './lifecycle/connection-factory.js';
import { ConnectionOpener } from './lifecycle/connection-opener.js';
import { Connections } from './lifecycle/connections.js';
import { FlushQueue } from './sockets/flush-queue.js';
import { GatewayLifecycle } from './lifecycle/gateway-lifecycle.js';
import { Heartbeat } from './lifecycle/heartbeat.js';
import { NodeServices } from './lifecycle/node-services.js';
import { Observers } from './lifecycle/observers.js';
import { Tracing } from './tracing/tracing.js';
import { Admission } from './upgrade/admission.js';
import { ClientAddress } from './upgrade/client-address.js';
import { FrontDoor } from './upgrade/front-door.js';
import { OriginPolicy } from './upgrade/origin-policy.js';
import { UpgradeAttempts } from './upgrade/upgrade-attempts.js';
import { UpgradeGuards } from './upgrade/upgrade-guards.js';
import { UpgradeLimits } from './upgrade/upgrade-limits.js';
import { UpgradePipeline } from './upgrade/upgrade-pipeline.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RealtimeSettings>({
  moduleName: 'Realtime',
  optionsInjectionToken: REALTIME_SETTINGS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

const upgrade = [
  FrontDoor,
  Admission,
  ClientAddress,
  OriginPolicy,
  UpgradeAttempts,
  UpgradeGuards,
  UpgradeLimits,
  UpgradePipeline,
];

const dispatch = [
  GatewayScanner,
  RouteTable,
  RouteBuilder,
  FrameValidationPipe,
  CallServices,
  { provide: RequestReader, useClass: Dispatcher },
];

const lifecycle = [
  { provide: ConnectionDirectory, useFactory: directoryOf, inject: [SharedRedis, Clock, REALTIME_SETTINGS] },
  ConnectionCaps,
  Connections,
  { provide: ConnectionRegistry, useExisting: Connections },
  ConnectionFactory,
  ConnectionOpener,
  FlushQueue,
  FrameRate,
  GatewayLifecycle,
  Heartbeat,
  NodeServices,
  Observers,
];

const observation = [Meters, RequestMeters, Traffic, ConnectionGauges, ConnectionRecords, Tracing];

const fanout = [
  { provide: TopicBus, useFactory: busOf, inject: [SharedRedis, Clock, Meters] },
  { provide: Topics, useClass: PositionedTopics },
];

/** The kernel: connections, frames, dispatch, fan-out. Import it once, with `forRoot` or `forRootAsync`. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: Clock, useClass: SystemClock },
    SharedRedis,
    { provide: RateLimits, useFactory: limitsOf, inject: [SharedRedis, Clock, Meters] },
    ErrorReporter,
    RealtimeAdapter,
    GatewayServers,
    Upgrades,
    Drain,
    Draining,
    ...upgrade,
    ...dispatch,
    ...lifecycle,
    ...fanout,
    ...observation,
  ],
  exports: [
    Clock,
    SharedRedis,
    RateLimits,
    ErrorReporter,
    Meters,
    REALTIME_SETTINGS,
    Draining,
    ClientAddress,
    FrontDoor,
    OriginPolicy,
    ConnectionRegistry,
    TopicBus,
    Topics,
  ],
})
export class RealtimeModule extends ConfigurableModuleClass {}

function busOf(redis: SharedRedis, clock: Clock, meters: Meters): TopicBus {
  return redis.commands === null ? new MemoryTopicBus() : new RedisTopicBus({ redis, clock, meters });
}

function limitsOf({ commands }: SharedRedis, clock: Clock, meters: Meters): RateLimits {
  if (commands === null) return new MemoryRateLimits(clock, meters);
  return new RedisRateLimits({ redis: commands, clock, meters });
}

function directoryOf(
  shared: SharedRedis,
  clock: Clock,
  { maxConnectionsPerUser: cap }: RealtimeSettings,
): ConnectionDirectory {
  const { commands: redis } = shared;
  if (redis === null) return new MemoryConnectionDirectory(cap);
  return new RedisConnectionDirectory({
    redis,
    clock,
    cap,
    onChange: (listener) => shared.onChange(listener),
  });
}
