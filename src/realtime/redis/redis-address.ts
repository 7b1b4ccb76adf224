const DEFAULT_PORT = 6379;

const PARTS = /^([^:]+):\/\/(.*@|)([^/?#]*)(.*)$/;

export interface RedisServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, as `REDIS_URL` says it. */
export interface RedisAddress {
  /** Servers to ask first: of a cluster any of its nodes, else the one. */
  readonly servers: readonly RedisServerAddress[];
  readonly isCluster: boolean;
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/**
 * Reads `redis://[user:password@]host[:port][/database]`, `rediss://…` for TLS, and `redis+cluster://…` or
 * `rediss+cluster://…` for a Redis Cluster, with any of its nodes, separated by commas. The configuration has checked the form.
 */
export function readRedisUrl(text: string): RedisAddress {
  const [, scheme, credentials, hosts, path] = PARTS.exec(text) ?? fail(text);
  const { username, password, pathname } = new URL(`redis://${credentials}localhost${path}`);
  return {
    servers: String(hosts).split(',').map(serverOf),
    isCluster: String(scheme).endsWith('+cluster'),
    isTls: String(scheme).startsWith('rediss'),
    username: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
    database: Number(pathname.slice(1)),
  };
}

function fail({ length }: string): never {
  throw new Error(`no address of Redis is in these ${length} characters`);
}

function serverOf(text: string): RedisServerAddress {
  const { hostname, port } = new URL(`redis://${text}`);
  // An IPv6 address is in brackets only there.
  return { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) || DEFAULT_PORT };
}

/** Where it is, for people: without its credentials. */
export function shownAddress({ servers }: RedisAddress): string {
  return servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ');
}
