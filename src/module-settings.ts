import { join } from 'node:path';
import type { Config } from './config/index.js';
import type { AuthSettings, ForeignIssuer } from './features/auth/index.js';
import type { ChatSettings } from './features/chat/index.js';
import type { PresenceSettings } from './features/presence/index.js';
import { RealtimeError, type RealtimeSettings } from './realtime/index.js';
import { StorageError, type StorageSettings } from './storage/index.js';

/* What each module is told of the configuration: a feature has settings of its own words, and knows no key. */

/** The issuer of our own tokens where no public address is set. */
const DEFAULT_ISSUER = 'parley';

/**
 * Upgrades whose credentials are being looked at. A node looks at some thousands a second, so that these are a second's work: who
 * comes later waits no longer for being told to come again.
 */
const MAX_PENDING_UPGRADES = 2000;

export function realtimeSettings(config: Config): RealtimeSettings {
  return {
    maxConnections: config.MAX_CONNECTIONS,
    maxPendingUpgrades: MAX_PENDING_UPGRADES,
    maxConnectionsPerUser: config.MAX_CONNECTIONS_PER_USER,
    maxFrameBytes: config.MAX_FRAME_BYTES,
    maxOutboxBytes: config.MAX_OUTBOX_BYTES,
    maxAnswerBytes: config.MAX_ANSWER_BYTES,
    handlerTimeoutMs: config.HANDLER_TIMEOUT_MS,
    heartbeatMs: config.HEARTBEAT_MS,
    framesPerSecond: config.RATE_FRAMES_PER_S,
    upgradesPerSecond: config.RATE_UPGRADES_PER_S,
    allowedOrigins: config.ALLOWED_ORIGINS,
    publicUrl: config.PUBLIC_URL,
    trustedProxies: config.TRUSTED_PROXIES,
    drainDelayMs: config.DRAIN_DELAY_MS,
    drainMs: config.DRAIN_MS,
    isCompressionEnabled: config.COMPRESSION === 'on',
    redisUrl: config.REDIS_URL,
    translateError: translateStorageError,
  };
}

export function storageSettings(config: Config): StorageSettings {
  return {
    dataDir: config.DATA_DIR,
    databaseUrl: config.DATABASE_URL,
    durability: config.DURABILITY,
    isAlone: config.REDIS_URL === null,
  };
}

export function authSettings(config: Config): AuthSettings {
  return {
    accessTokenTtlS: config.ACCESS_TOKEN_TTL,
    refreshTokenTtlS: config.REFRESH_TOKEN_TTL,
    isRegistrationOpen: config.REGISTRATION === 'open',
    isDirectoryOpen: config.USER_DIRECTORY === 'open',
    maxAnswerBytes: config.MAX_ANSWER_BYTES,
    issuer: config.PUBLIC_URL ?? DEFAULT_ISSUER,
    loginsPerMinute: config.RATE_LOGINS_PER_MIN,
    signingKeysFile: config.SIGNING_KEYS_FILE,
    foreignIssuer: foreignIssuer(config),
  };
}

function foreignIssuer(config: Config): ForeignIssuer | null {
  const { AUTH_ISSUER: issuer, AUTH_JWKS_URL: jwksUrl, AUTH_AUDIENCE: audience } = config;
  if (issuer === null || jwksUrl === null || audience === null) return null;
  const { AUTH_USERNAME_CLAIM: usernameClaim, AUTH_NAME_CLAIM: nameClaim } = config;
  return { issuer, jwksUrl, audience, usernameClaim, nameClaim };
}

export function chatSettings(config: Config, forgottenConsumers: readonly string[] = []): ChatSettings {
  return {
    maxAnswerBytes: config.MAX_ANSWER_BYTES,
    retentionDays: config.RETENTION_DAYS,
    sendsPerSecond: config.RATE_SENDS_PER_S,
    rooms: { largeMembers: config.LARGE_ROOM_MEMBERS, maxMembers: config.MAX_ROOM_MEMBERS },
    attachments: {
      folder: join(config.DATA_DIR, 'attachments'),
      isDurable: config.DURABILITY === 'full',
      bucketUrl: config.S3_URL,
      maxBytes: config.MAX_ATTACHMENT_BYTES,
      maxBytesPerDay: config.MAX_UPLOAD_BYTES_PER_DAY,
      publicUrl: config.PUBLIC_URL,
    },
    consumers: { forgotten: forgottenConsumers, drainMs: config.DRAIN_MS },
  };
}

export function presenceSettings(config: Config): PresenceSettings {
  return { graceMs: config.PRESENCE_GRACE_MS, idleMs: config.PRESENCE_IDLE_MS };
}

/** The kernel and the store do not know each other: here is what the store's failures mean to a client. */
function translateStorageError(error: unknown): RealtimeError | undefined {
  if (!(error instanceof StorageError)) return undefined;
  return error.outcome === 'unknown'
    ? new RealtimeError('UNKNOWN', 'it may have been stored: send it again', { cause: error })
    : new RealtimeError('UNAVAILABLE', 'nothing was stored: send it again', { cause: error });
}
