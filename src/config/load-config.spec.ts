import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from './config-error.js';
import { loadConfig, type LoadedConfig } from './load-config.js';
import type { Source } from './sources.js';

const FOREIGN = {
  AUTH_ISSUER: 'https://id.test',
  AUTH_JWKS_URL: 'https://id.test/jwks',
  AUTH_AUDIENCE: 'parley',
};

describe('loadConfig', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (env: Source = {}, isTerminal = false): LoadedConfig =>
    loadConfig({ env, folder, isTerminal });
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const refusal = (env: Source): readonly string[] => {
    try {
      load(env);
    } catch (error) {
      if (error instanceof ConfigError) return error.lines;
      throw error;
    }
    throw new Error('it was not refused');
  };

  it('has a default for every key', () => {
    const { config, warnings } = load();
    expect(config).toMatchObject({ PORT: 3000, DURABILITY: 'full', ALLOWED_ORIGINS: [], DATABASE_URL: null });
    expect(Object.isFrozen(config)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('prefers the environment to .env.local, and that to .env', () => {
    write('.env', 'PORT=1\nHOST=a\nDATA_DIR=one\n');
    write('.env.local', 'PORT=2\nHOST=b\n');
    expect(load({ PORT: '3', HOST: undefined }).config).toMatchObject({
      PORT: 3,
      HOST: 'b',
      DATA_DIR: 'one',
    });
  });

  it('takes an empty text for the default, whatever a later source says', () => {
    write('.env', 'PORT=1\n');
    expect(load({ PORT: '' }).config.PORT).toBe(3000);
  });

  it('says which file it cannot read', () => {
    expect(() => loadConfig({ env: {}, folder: '\0', isTerminal: false })).toThrow(
      /^\.env\.local cannot be read/,
    );
  });

  it.each([
    ['PORT', 'abc', 'is not a whole number'],
    ['PORT', '-1', 'is not a whole number'],
    ['PORT', '1.5', 'is not a whole number'],
    ['PORT', '1e3', 'is not a whole number'],
    ['PORT', '65536', 'is too large'],
    ['MAX_CONNECTIONS', '0', 'is too small'],
    ['MAX_CONNECTIONS', '9'.repeat(40), 'is not a whole number'],
    ['DURABILITY', 'none', 'is none of the allowed words'],
    ['COMPRESSION', 'true', 'is none of the allowed words'],
    ['PUBLIC_URL', 'chat.example.com', 'is not an http or https address without a path'],
    ['PUBLIC_URL', 'https://chat.example.com/chat', 'is not an http or https address without a path'],
    ['ALLOWED_ORIGINS', 'https://a.test,*', 'is not an origin at entry 2'],
    ['ALLOWED_ORIGINS', 'null', 'is not an origin at entry 1'],
    ['ALLOWED_ORIGINS', 'https://*.a.test', 'is not an origin at entry 1'],
    ['ALLOWED_ORIGINS', 'https://a.test/', 'is not an origin at entry 1'],
    ['ALLOWED_ORIGINS', 'https://user@a.test', 'is not an origin at entry 1'],
    ['TRUSTED_PROXIES', '10.0.0.0/33', 'is not an address or CIDR block at entry 1'],
    ['TRUSTED_PROXIES', '::1/128, proxy', 'is not an address or CIDR block at entry 2'],
    ['DATABASE_URL', 'mysql://x', 'has another scheme'],
    ['DATABASE_URL', 'localhost', 'is not a URL'],
    ['AUTH_JWKS_URL', 'https://ann:secret@id.test/jwks', 'has a name, a password or a fragment in it'],
    ['ADMIN_TOKEN', 'two\nlines', 'has a line break'],
  ])('refuses %s=%j in one line', (key, value, fault) => {
    const [line, ...rest] = refusal({ [key]: value });
    expect(rest).toEqual([]);
    expect(line).toMatch(new RegExp(`^${key} ${fault.replaceAll('.', '\\.')}: allowed is .+$`));
  });

  it('names every wrong key at once, with exit code 78', () => {
    expect(refusal({ PORT: 'x', LOG_LEVEL: 'loud' })).toEqual([
      'PORT is not a whole number: allowed is a whole number from 0 to 65535',
      'LOG_LEVEL is none of the allowed words: allowed is debug or info or warn or error or fatal or silent',
    ]);
    expect(new ConfigError([]).exitCode).toBe(78);
  });

  it.each(['DATABASE_URL', 'REDIS_URL', 'S3_URL', 'AUTH_JWKS_URL'])('never prints the value of %s', (key) => {
    expect(refusal({ [key]: 'gopher://user:hunter2@host' }).join()).not.toContain('hunter2');
  });

  it.each(['https://host/bucket', 'https://id@host/bucket', 'https://id:hunter2@host', 's3://bucket'])(
    'refuses the bucket %s, and prints no key',
    (url) => {
      expect(refusal({ S3_URL: url })).toEqual([
        expect.stringMatching(/^S3_URL has no bucket, or no key with its secret: allowed is https:/),
      ]);
      expect(refusal({ S3_URL: url }).join()).not.toContain('hunter2');
    },
  );

  it('takes the values that tests need', () => {
    const env = {
      ACCESS_TOKEN_TTL: '2',
      HEARTBEAT_MS: '500',
      PRESENCE_GRACE_MS: '0',
      PRESENCE_IDLE_MS: '1000',
      MAX_FRAME_BYTES: '1024',
      MAX_ATTACHMENT_BYTES: '1000',
      DRAIN_MS: '500',
      MAX_CONNECTIONS: '1',
      MAX_OUTBOX_BYTES: '16384',
      PORT: '0',
    };
    const expected = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, Number(value)]));
    expect(load(env).config).toMatchObject(expected);
  });

  it('keeps origins as browsers send them', () => {
    const origins =
      'HTTPS://App.Example.com:443, http://localhost:80,https://a.test:8443 ,capacitor://Localhost';
    expect(load({ ALLOWED_ORIGINS: origins }).config.ALLOWED_ORIGINS).toEqual([
      'https://app.example.com',
      'http://localhost',
      'https://a.test:8443',
      'capacitor://localhost',
    ]);
    expect(load({ PUBLIC_URL: 'https://Chat.example.com:443/' }).config.PUBLIC_URL).toBe(
      'https://chat.example.com',
    );
  });

  it.each([
    [
      { PROCESSES: '2', DATABASE_URL: 'postgres://h/d' },
      /^PROCESSES is not 1 without DATABASE_URL and REDIS_URL/,
    ],
    [
      {
        PROCESSES: '2',
        ADMIN_PORT: '65535',
        DATABASE_URL: 'postgres://h/d',
        REDIS_URL: 'redis://r',
        SHARED_FILES: 'yes',
      },
      /^ADMIN_PORT is too large: each of PROCESSES takes one more/,
    ],
    [{ REDIS_URL: 'redis://r' }, /^REDIS_URL is set without DATABASE_URL/],
    [{ REDIS_URL: 'redis://r', DATABASE_URL: 'postgres://p/d' }, /^REDIS_URL is set without S3_URL/],
    [
      { S3_URL: 'https://id:hunter2@host/files', MAX_ATTACHMENT_BYTES: '5368709121' },
      /^MAX_ATTACHMENT_BYTES is too large: with S3_URL/,
    ],
    [{ TLS_CERT_FILE: 'a' }, /^TLS_CERT_FILE is set without TLS_KEY_FILE/],
    [{ TLS_KEY_FILE: 'a' }, /^TLS_KEY_FILE is set without TLS_CERT_FILE/],
    [{ AUTH_AUDIENCE: 'a' }, /^AUTH_AUDIENCE is set without AUTH_ISSUER/],
    [{ ...FOREIGN, PUBLIC_URL: 'https://id.test' }, /^AUTH_ISSUER is PUBLIC_URL/],
    [
      { ...FOREIGN, NODE_ENV: 'production', AUTH_JWKS_URL: 'http://id.test/jwks' },
      /^AUTH_JWKS_URL is plain http/,
    ],
    [
      { NODE_ENV: 'production', ALLOWED_ORIGINS: 'http://a.test' },
      /^ALLOWED_ORIGINS has a plain http origin/,
    ],
    [{ NODE_ENV: 'production', ADMIN_HOST: '0.0.0.0' }, /^ADMIN_HOST is beyond loopback/],
    [{ NODE_ENV: 'production', ADMIN_TOKEN: 'x'.repeat(31) }, /^ADMIN_TOKEN is too short/],
    [{ NODE_ENV: 'production', LOG_FORMAT: 'pretty' }, /^LOG_FORMAT is pretty/],
  ])('refuses %j together', (env, line) => {
    expect(refusal(env)).toEqual([expect.stringMatching(line)]);
  });

  it.each([
    { NODE_ENV: 'production', ALLOWED_ORIGINS: 'https://a.test', ADMIN_HOST: '127.0.0.2' },
    { NODE_ENV: 'production', ADMIN_HOST: '::1' },
    { ...FOREIGN, NODE_ENV: 'production' },
    { ...FOREIGN, NODE_ENV: 'production', AUTH_JWKS_URL: 'http://127.0.0.1:8080/jwks' },
    { ...FOREIGN, NODE_ENV: 'production', AUTH_JWKS_URL: 'http://[::1]/jwks' },
    { ...FOREIGN, AUTH_JWKS_URL: 'http://id.test/jwks' },
    { NODE_ENV: 'production', ADMIN_HOST: '0.0.0.0', ADMIN_PORT: '0' },
    { NODE_ENV: 'production', ADMIN_HOST: '0.0.0.0', ADMIN_TOKEN: 'x'.repeat(32) },
    { ALLOWED_ORIGINS: 'http://a.test', ADMIN_HOST: '0.0.0.0' },
  ])('allows %j together', (env) => {
    expect(load(env).config).toBeDefined();
  });

  it('warns of unknown keys with one of our prefixes', () => {
    write('.env', 'HEARTBEAT_S=3\n');
    const env = {
      MAX_FRAME_BYTE: '1',
      RATE_LIMIT: '2',
      NODE_OPTIONS: 'x',
      USER_NAME: 'y',
      PATH: '/bin',
      LANG: 'C',
    };
    expect(load(env).warnings).toEqual([
      'HEARTBEAT_S is not a key of this service: is HEARTBEAT_MS meant?',
      'MAX_FRAME_BYTE is not a key of this service: is MAX_FRAME_BYTES meant?',
      'RATE_LIMIT is not a key of this service',
    ]);
  });

  it('writes for people on a terminal only, and never in production by itself', () => {
    expect(load({}, true).config.LOG_FORMAT).toBe('pretty');
    expect(load({}, false).config.LOG_FORMAT).toBe('json');
    expect(load({ LOG_FORMAT: 'json' }, true).config.LOG_FORMAT).toBe('json');
    expect(load({ NODE_ENV: 'production' }, true).config.LOG_FORMAT).toBe('json');
  });
});
