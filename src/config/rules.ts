import type { Key, Values } from './settings/settings.js';
import { isSampleSecret } from './sample-secrets.js';
import { isLoopback } from './value-kinds.js';

/** In characters: what nobody guesses. */
const SHORTEST_SECRET = 32;

/** In bytes: what S3 takes in one request. */
const LARGEST_OBJECT = 5 * 2 ** 30;

const LARGEST_PORT = 65_535;

/** What must hold between keys. Each rule gives the line to print when it does not. */
type Rule = (values: Values) => string | undefined;

const needs =
  (key: Key, other: Key): Rule =>
  (values) =>
    values[key] !== null && values[other] === null
      ? `${key} is set without ${other}: set both or neither`
      : undefined;

const inProduction =
  (rule: Rule): Rule =>
  (values) =>
    values.NODE_ENV === 'production' ? rule(values) : undefined;

const RULES: readonly Rule[] = [
  (values) =>
    values.REDIS_URL !== null && values.DATABASE_URL === null
      ? 'REDIS_URL is set without DATABASE_URL: nodes can share a bus only when they share a database'
      : undefined,
  (values) =>
    values.DATABASE_URL !== null &&
    values.REDIS_URL !== null &&
    values.S3_URL === null &&
    !values.SHARED_FILES
      ? "REDIS_URL is set without S3_URL: nodes must find each other's attachments; set S3_URL, or SHARED_FILES to yes where DATA_DIR is one folder for all of them"
      : undefined,
  (values) =>
    values.PROCESSES !== 1 && (values.DATABASE_URL === null || values.REDIS_URL === null)
      ? 'PROCESSES is not 1 without DATABASE_URL and REDIS_URL: each process is a node of a cluster; set both, or PROCESSES to 1'
      : undefined,
  (values) =>
    values.ADMIN_PORT !== 0 && values.ADMIN_PORT + values.PROCESSES - 1 > LARGEST_PORT
      ? `ADMIN_PORT is too large: each of PROCESSES takes one more, and ${LARGEST_PORT} is the last`
      : undefined,
  (values) =>
    values.S3_URL !== null && values.MAX_ATTACHMENT_BYTES > LARGEST_OBJECT
      ? `MAX_ATTACHMENT_BYTES is too large: with S3_URL at most ${LARGEST_OBJECT} is allowed`
      : undefined,
  needs('TLS_CERT_FILE', 'TLS_KEY_FILE'),
  needs('TLS_KEY_FILE', 'TLS_CERT_FILE'),
  needs('AUTH_ISSUER', 'AUTH_JWKS_URL'),
  needs('AUTH_ISSUER', 'AUTH_AUDIENCE'),
  needs('AUTH_JWKS_URL', 'AUTH_ISSUER'),
  needs('AUTH_AUDIENCE', 'AUTH_ISSUER'),
  (values) =>
    values.AUTH_ISSUER !== null && values.AUTH_ISSUER === values.PUBLIC_URL
      ? 'AUTH_ISSUER is PUBLIC_URL: allowed is an issuer other than this service, whose own tokens are taken anyway'
      : undefined,
  inProduction((values) =>
    values.AUTH_JWKS_URL !== null && isPlainHttpBeyondLoopback(values.AUTH_JWKS_URL)
      ? 'AUTH_JWKS_URL is plain http: with NODE_ENV=production only https is allowed, but for loopback'
      : undefined,
  ),
  inProduction((values) =>
    values.ALLOWED_ORIGINS.some((origin) => origin.startsWith('http://'))
      ? 'ALLOWED_ORIGINS has a plain http origin: with NODE_ENV=production only https is allowed'
      : undefined,
  ),
  inProduction((values) =>
    values.ADMIN_PORT !== 0 && !isLoopback(values.ADMIN_HOST) && values.ADMIN_TOKEN === null
      ? 'ADMIN_HOST is beyond loopback: with NODE_ENV=production that is allowed only with an ADMIN_TOKEN'
      : undefined,
  ),
  inProduction((values) =>
    values.ADMIN_TOKEN !== null && values.ADMIN_TOKEN.length < SHORTEST_SECRET
      ? `ADMIN_TOKEN is too short: with NODE_ENV=production at least ${SHORTEST_SECRET} characters are allowed`
      : undefined,
  ),
  inProduction((values) =>
    values.ADMIN_TOKEN !== null && isSampleSecret(values.ADMIN_TOKEN)
      ? 'ADMIN_TOKEN is a sample: with NODE_ENV=production only a secret that nobody else has is allowed'
      : undefined,
  ),
  inProduction((values) =>
    values.S3_URL !== null && isSampleSecret(decodeURIComponent(new URL(values.S3_URL).password))
      ? 'S3_URL has the secret of a sample: with NODE_ENV=production only one that nobody else has is allowed'
      : undefined,
  ),
  inProduction((values) =>
    values.LOG_FORMAT === 'pretty'
      ? 'LOG_FORMAT is pretty: with NODE_ENV=production only json is allowed'
      : undefined,
  ),
];

function isPlainHttpBeyondLoopback(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && !isLoopback(hostname.replaceAll(/[[\]]/g, ''));
}

/** One line for each rule that these values break. */
export function brokenRules(values: Values): readonly string[] {
  return RULES.map((rule) => rule(values)).filter((line) => line !== undefined);
}
