import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Clock, RealtimeModule, type RealtimeSettings } from '../../realtime/index.js';
import { StorageModule } from '../../storage/index.js';
import { AuthModule } from './auth.module.js';
import type { AuthSettings } from './auth.settings.js';

/** Auth on a database of its own, for one test. */
export interface TestAuth {
  get<T>(type: abstract new (...args: never[]) => T): T;
  close(): Promise<void>;
}

export interface TestAuthOptions {
  readonly clock: Clock;
  readonly settings?: Partial<AuthSettings>;
}

/** Settings of a test that asks for nothing else. */
export const TEST_AUTH_SETTINGS: AuthSettings = {
  accessTokenTtlS: 900,
  refreshTokenTtlS: 3_600,
  isRegistrationOpen: true,
  isDirectoryOpen: true,
  maxAnswerBytes: 262_144,
  issuer: 'parley',
  loginsPerMinute: 0,
  // A hash of a test need not be strong.
  passwordHashing: { memoryKiB: 64, passes: 1, concurrency: 2 },
};

const REALTIME: RealtimeSettings = {
  maxConnections: 100,
  maxPendingUpgrades: 1000,
  maxConnectionsPerUser: 20,
  maxFrameBytes: 65_536,
  maxOutboxBytes: 262_144,
  maxAnswerBytes: 262_144,
  handlerTimeoutMs: 30_000,
  heartbeatMs: 25_000,
  framesPerSecond: 0,
  upgradesPerSecond: 0,
  allowedOrigins: [],
  publicUrl: null,
  trustedProxies: [],
  drainDelayMs: 0,
  drainMs: 500,
  isCompressionEnabled: false,
  redisUrl: null,
  translateError: () => undefined,
};

/** The feature with the real kernel and the real database, without a listener. */
export async function openTestAuth({ clock, settings = {} }: TestAuthOptions): Promise<TestAuth> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-auth-'));
  const module = await Test.createTestingModule({
    imports: [
      RealtimeModule.forRoot(REALTIME),
      StorageModule.forRoot({ dataDir, databaseUrl: null, durability: 'process', isAlone: true }),
      AuthModule.forRoot({ ...TEST_AUTH_SETTINGS, ...settings }),
    ],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  await module.init();
  return {
    get: <T>(type: abstract new (...args: never[]) => T): T => module.get<T>(type as Type<T>),
    close: async () => {
      await module.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
