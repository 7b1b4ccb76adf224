import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './config-error.js';
import { loadConfig } from './load-config.js';
import { SETTINGS } from './settings/settings.js';

/** Nothing that is printed may hold it. */
const SECRET = 'hunter2';

const WORDS = [SECRET, 'ON', 'yes please', 'true', '1'];
const TEXTS = [`${SECRET}\nFORGED a line`, `${SECRET}\r\nx`];
const URLS = [SECRET, `gopher://user:${SECRET}@host/`, `//${SECRET}`, `javascript:${SECRET}`];
const ADDRESSES = [
  SECRET,
  `https://${SECRET}/path`,
  `https://user:${SECRET}@host`,
  `https://host?${SECRET}`,
  `ftp://${SECRET}`,
];
const LISTS = [SECRET, `10.0.0.0/8, ${SECRET}`, '10.0.0.0/33', '::1/129', '10.0.0/8', '300.1.1.1', '*'];
const ORIGINS = [
  '*',
  'null',
  `https://${SECRET}/`,
  `https://*.${SECRET}`,
  `https://a.test https://${SECRET}`,
  `https://u@${SECRET}`,
];
const BUCKETS = [
  ...URLS,
  `https://id:${SECRET}@host`,
  `https://${SECRET}@host/bucket`,
  `s3://:${SECRET}@bucket`,
  `s3://id:${SECRET}%E0%A4%A@bucket`,
];

const REDISES = [
  ...URLS,
  'redis:///1',
  `redis://a:1,${SECRET}`,
  `redis://${SECRET}/x`,
  `redis://${SECRET}?db=1`,
  `redis://:${SECRET}%E0%A4%A@host`,
  `redis+cluster://a:1,`,
  `redis+cluster://a:1,${SECRET}:70000`,
  `redis+cluster://a:1,${SECRET}/1`,
];

/** A whole number within a range is none of these. */
function around(min: number, max: number): string[] {
  const beyond = [String(max + 1), ...(min > 0 ? [String(min - 1)] : [])];
  return [
    SECRET,
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '1 000',
    '٣',
    'Infinity',
    'NaN',
    '9'.repeat(30),
    ...beyond,
  ];
}

const day = 86_400_000;
const rate = around(0, 1_000_000);
const bytes = around(1024, 2 ** 30);

/** For each key, values that it does not take. */
const WRONG = {
  PORT: around(0, 65_535),
  HOST: TEXTS,
  TLS_CERT_FILE: TEXTS,
  TLS_KEY_FILE: TEXTS,
  NODE_ENV: TEXTS,
  PUBLIC_URL: ADDRESSES,
  ALLOWED_ORIGINS: ORIGINS,
  TRUSTED_PROXIES: LISTS,
  ADMIN_HOST: TEXTS,
  ADMIN_PORT: around(0, 65_535),
  ADMIN_TOKEN: TEXTS,
  COMPRESSION: WORDS,
  DATA_DIR: TEXTS,
  DATABASE_URL: URLS,
  REDIS_URL: REDISES,
  DURABILITY: WORDS,
  S3_URL: BUCKETS,
  SHARED_FILES: WORDS,
  MAX_ATTACHMENT_BYTES: around(1, 2 ** 40),
  MAX_UPLOAD_BYTES_PER_DAY: around(0, 2 ** 40),
  RETENTION_DAYS: around(0, 36_500),
  SIGNING_KEYS_FILE: TEXTS,
  REGISTRATION: WORDS,
  AUTH_ISSUER: URLS,
  AUTH_JWKS_URL: URLS,
  AUTH_AUDIENCE: TEXTS,
  AUTH_USERNAME_CLAIM: TEXTS,
  AUTH_NAME_CLAIM: TEXTS,
  ACCESS_TOKEN_TTL: around(1, 315_360_000),
  REFRESH_TOKEN_TTL: around(1, 315_360_000),
  USER_DIRECTORY: WORDS,
  MAX_CONNECTIONS: around(1, 10_000_000),
  MAX_CONNECTIONS_PER_USER: around(1, 10_000_000),
  MAX_FRAME_BYTES: around(256, 2 ** 30),
  MAX_ANSWER_BYTES: bytes,
  MAX_OUTBOX_BYTES: bytes,
  LARGE_ROOM_MEMBERS: around(1, 10_000_000),
  MAX_ROOM_MEMBERS: around(2, 10_000_000),
  HANDLER_TIMEOUT_MS: around(10, day),
  HEARTBEAT_MS: around(100, day),
  PRESENCE_GRACE_MS: around(0, day),
  PRESENCE_IDLE_MS: around(100, day),
  RATE_FRAMES_PER_S: rate,
  RATE_SENDS_PER_S: rate,
  RATE_UPGRADES_PER_S: rate,
  RATE_LOGINS_PER_MIN: rate,
  PROCESSES: around(0, 256),
  DRAIN_DELAY_MS: around(0, 3_600_000),
  DRAIN_MS: around(0, 3_600_000),
  LOG_LEVEL: WORDS,
  LOG_FORMAT: WORDS,
} satisfies Record<keyof typeof SETTINGS, readonly string[]>;

function linesFor(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ env, folder: `${tmpdir()}/no-such-folder`, isTerminal: false });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

describe('wrong values (T40)', () => {
  it.each(Object.entries(WRONG))('of %s are refused in one line, which holds none of them', (key, values) => {
    for (const value of values) {
      const lines = linesFor({ [key]: value });
      expect([value, lines]).toEqual([
        value,
        [expect.stringMatching(new RegExp(`^${key} [^\\n\\r]+: allowed is [^\\n\\r]+$`))],
      ]);
      for (const shown of [value, SECRET]) if (shown.length > 4) expect(lines[0]).not.toContain(shown);
    }
  });

  it.each([
    'redis://bus',
    'redis://:p%40ss@10.0.0.1:6380/15',
    'rediss://user:pass@[::1]:6379/',
    'redis+cluster://a',
    'rediss+cluster://user:pass@a:7000,b,[::1]:7001',
  ])('are none where Redis is, as %s', (url) => {
    expect(linesFor({ REDIS_URL: url, DATABASE_URL: 'postgres://p/d', SHARED_FILES: 'yes' })).toEqual([]);
  });

  it('of all keys are told at once', () => {
    const env = Object.fromEntries(Object.entries(WRONG).map(([key, [value = '']]) => [key, value]));
    expect(linesFor(env).map((line) => line.split(' ')[0])).toEqual(Object.keys(SETTINGS));
  });
});

describe('in production (T40)', () => {
  const inProduction = (env: Record<string, string>): readonly string[] =>
    linesFor({ NODE_ENV: 'production', ...env });
  const bucket = (secret: string): string => `https://id:${encodeURIComponent(secret)}@files.test/bucket`;

  it.each([
    'change-me-change-me-change-me-change-me',
    'REPLACE_THIS_WITH_A_LONG_RANDOM_SECRET',
    'your-super-secret-admin-token-in-production',
    'example-admin-token-1234567890-1234567890',
    'xxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxx',
  ])('the token %s, which is a sample, is refused', (token) => {
    const lines = inProduction({ ADMIN_TOKEN: token });
    expect(lines).toEqual([expect.stringMatching(/^ADMIN_TOKEN is a sample: /)]);
    expect(lines[0]).not.toContain(token);
  });

  it.each(['minioadmin', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'changeme', 'password123'])(
    'a bucket with the secret %s is refused',
    (secret) => {
      const lines = inProduction({ S3_URL: bucket(secret) });
      expect(lines).toEqual([expect.stringMatching(/^S3_URL has the secret of a sample: /)]);
      expect(lines[0]).not.toContain(secret);
    },
  );

  it('secrets are taken', () => {
    for (const token of [
      'b7f3a09c1d2e4f5061728394a5b6c7d8',
      'correct horse battery staple, and more',
      '7'.repeat(32),
    ]) {
      expect(inProduction({ ADMIN_TOKEN: token, ADMIN_HOST: '0.0.0.0', S3_URL: bucket(token) })).toEqual([]);
    }
  });

  it('samples are taken elsewhere, for trying things out', () => {
    expect(linesFor({ ADMIN_TOKEN: 'changeme', S3_URL: bucket('minioadmin') })).toEqual([]);
  });

  it('the defaults are safe', () => {
    const { config } = loadConfig({
      env: { NODE_ENV: 'production' },
      folder: `${tmpdir()}/none`,
      isTerminal: true,
    });
    expect(config).toMatchObject({
      ADMIN_HOST: '127.0.0.1',
      ADMIN_TOKEN: null,
      ALLOWED_ORIGINS: [],
      TRUSTED_PROXIES: [],
      COMPRESSION: 'off',
      DURABILITY: 'full',
      LOG_FORMAT: 'json',
    });
    const rates = Object.entries(config).filter(([key]) => key.startsWith('RATE_'));
    expect(rates.filter(([, value]) => value === 0)).toEqual([]);
    const secrets = Object.values(SETTINGS).map(({ fallback }) => String(fallback));
    expect(secrets.filter((value) => value.length >= 20 && !value.includes(' '))).toEqual([]);
  });
});
