import { z } from 'zod';
import type { ValueKind } from './setting.js';
import { isPercentEncoded } from './value-kinds.js';

const SCHEMES = ['redis', 'rediss', 'redis+cluster', 'rediss+cluster'];

/** A Redis, or some servers of a Redis Cluster. The value is never printed: it may hold a password. */
export function redisUrl(): ValueKind<string> {
  return {
    schema: z
      .string()
      .refine((value) => serversIn(value).every((server) => URL.canParse(server)), 'is not a URL')
      .refine((value) => SCHEMES.includes(partsOf(value).scheme), 'has another scheme')
      .refine(hasPlainAccount, 'has a name or password that is not percent-encoded')
      .refine((value) => /^(?:\/[0-9]{0,9})?$/.test(partsOf(value).rest), {
        message: 'has something other than a database after its server',
      })
      .refine((value) => !isCluster(value) || partsOf(value).rest.length <= 1, {
        message: 'has a database, and a Redis Cluster has none',
      }),
    allowed:
      'redis://[<user>:<password>@]<host>[:<port>][/<database>], rediss:// for TLS, or for a Redis Cluster redis+cluster:// or rediss+cluster:// with some of its servers, separated by commas, and no database',
  };
}

function partsOf(value: string) {
  const parts = /^([^:]*):\/\/([^/]*@|)([^/?#]*)(.*)$/.exec(value) ?? [];
  const [, scheme = '', account = '', hosts = '', rest = ''] = parts;
  return { scheme, account, hosts, rest };
}

const isCluster = (value: string): boolean => partsOf(value).scheme.endsWith('+cluster');

/** A URL for each server; one without a host is none. */
function serversIn(value: string): string[] {
  const { account, hosts } = partsOf(value);
  // A browser's scheme, with which a host must be there.
  return (isCluster(value) ? hosts.split(',') : [hosts]).map((host) => `http://${account}${host}`);
}

function hasPlainAccount(value: string): boolean {
  const [server = ''] = serversIn(value);
  if (!URL.canParse(server)) return true;
  const { username, password } = new URL(server);
  return [username, password].every((part) => part === '' || isPercentEncoded(part));
}
