import type { RealtimeError } from './errors/realtime-error.js';

/** The kernel's settings. Every duration is in milliseconds. */
export interface RealtimeSettings {
  /** Connections of this node, those being opened included; more are refused with 503. */
  readonly maxConnections: number;
  /** Upgrades whose guards may run at once; more are refused with 503, before any guard is asked. */
  readonly maxPendingUpgrades: number;
  /** One user's connections on this node; the oldest is closed with 4409 when there are more. */
  readonly maxConnectionsPerUser: number;
  /** Largest message from a client in bytes; a larger one closes with 1009. */
  readonly maxFrameBytes: number;
  /** Unsent bytes held for one connection before it is caught up from its topics instead. */
  readonly maxOutboxBytes: number;
  /** Largest answer or catch-up page in bytes. */
  readonly maxAnswerBytes: number;
  /** A handler that takes longer is answered `UNKNOWN`. */
  readonly handlerTimeoutMs: number;
  /** Between two pings; 10 s more without any sign of life end the connection with 4408. */
  readonly heartbeatMs: number;
  /** Frames per second and connection, in bursts of twice that; 0: no limit. */
  readonly framesPerSecond: number;
  /** Upgrades per second and address, in bursts of twice that; 0: no limit. */
  readonly upgradesPerSecond: number;
  /** Origins beside the service's own, compared whole. */
  readonly allowedOrigins: readonly string[];
  /** The service's address behind a proxy, which is then its own origin; `null`: what `Host` says. */
  readonly publicUrl: string | null;
  /** Addresses and CIDR blocks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** How long after SIGTERM readiness is 503 while all else works. */
  readonly drainDelayMs: number;
  /** How long the closing of the connections is spread over. */
  readonly drainMs: number;
  /** `redis://…`: bus and limits are shared with the other nodes; `null`: this node is alone. */
  readonly redisUrl: string | null;
  /** permessage-deflate. */
  readonly isCompressionEnabled: boolean;
  /** Says what an error of a layer that the kernel does not know means to a client; `undefined`: a fault of ours. */
  readonly translateError: (error: unknown) => RealtimeError | undefined;
}
