import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { ValueKind } from './setting.js';

const LARGEST_DIGITS = 15;

/** A whole number within a range, both ends included. */
export function wholeNumber(min: number, max: number): ValueKind<number> {
  const schema = z
    .string()
    .regex(new RegExp(`^[0-9]{1,${LARGEST_DIGITS}}$`), 'is not a whole number')
    .transform(Number)
    .refine((value) => value >= min, 'is too small')
    .refine((value) => value <= max, 'is too large');
  return { schema, allowed: `a whole number from ${min} to ${max}` };
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): ValueKind<Word> {
  return {
    schema: z.string().pipe(z.enum(words, 'is none of the allowed words')),
    allowed: words.join(' or '),
  };
}

/** A word for yes and one for no. */
export function yesOrNo(yes: string, no: string): ValueKind<boolean> {
  const { schema, allowed } = oneOf(yes, no);
  return { schema: schema.transform((word) => word === yes), allowed };
}

/** Any text on one line. */
export function text(what: string): ValueKind<string> {
  return { schema: z.string().regex(/^[^\r\n]*$/, 'has a line break'), allowed: what };
}

/** An absolute URL with one of these schemes. */
export function url(...schemes: readonly [string, ...string[]]): ValueKind<string> {
  const schema = z
    .string()
    .refine((value) => URL.canParse(value), 'is not a URL')
    .refine((value) => !URL.canParse(value) || schemes.includes(new URL(value).protocol.slice(0, -1)), {
      message: 'has another scheme',
    });
  return {
    schema,
    allowed: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  };
}

/** Where keys are published: an address without a name and password in it. */
export function keysUrl(): ValueKind<string> {
  const { schema, allowed } = url('https', 'http');
  const isPlain = (value: string): boolean => {
    if (!URL.canParse(value)) return true;
    const { username, password, hash } = new URL(value);
    return username === '' && password === '' && hash === '';
  };
  return { schema: schema.refine(isPlain, 'has a name, a password or a fragment in it'), allowed };
}

/** An S3-compatible bucket with its key. The value is never printed: it holds a secret. */
export function bucketUrl(): ValueKind<string> {
  const { schema } = url('s3', 'https', 'http');
  return {
    schema: schema.refine(isBucketUrl, 'has no bucket, or no key with its secret'),
    allowed:
      'https://<key id>:<secret>@<host>/<bucket>[/<prefix>][?region=<region>], http:// likewise, or s3://<key id>:<secret>@<bucket>[/<prefix>][?region=<region>], the key percent-encoded',
  };
}

function isBucketUrl(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const { protocol, username, password, host, pathname } = new URL(value);
  const hasBucket = protocol === 's3:' ? host !== '' : /[^/]/.test(pathname);
  return hasBucket && [username, password].every((part) => part !== '' && isPercentEncoded(part));
}

/** Whether it is text in that form. */
export function isPercentEncoded(part: string): boolean {
  try {
    return decodeURIComponent(part) !== '';
  } catch {
    return false;
  }
}

/** The scheme, host and port of a service, without a path. Kept as a browser writes it: lower case, no default port. */
export function baseUrl(): ValueKind<string> {
  const schema = z
    .string()
    .refine((value) => httpOriginOf(value) !== undefined, 'is not an http or https address without a path')
    .transform((value) => httpOriginOf(value) ?? value);
  return { schema, allowed: 'an address such as https://chat.example.com, without a path' };
}

/** Origins as browsers send them, separated by commas. Kept with lower case scheme and host and no default port. */
export function origins(): ValueKind<readonly string[]> {
  const schema = list().superRefine((entries, context) => {
    entries.forEach((entry, index) => {
      if (originOf(entry) === undefined) context.addIssue(`is not an origin at entry ${index + 1}`);
    });
  });
  return {
    schema: schema.transform((entries) => entries.map((entry) => originOf(entry) ?? entry)),
    allowed: 'origins such as https://app.example.com, each without a path, separated by commas',
  };
}

/** IP addresses and CIDR blocks, separated by commas. */
export function addressBlocks(): ValueKind<readonly string[]> {
  const schema = list().superRefine((entries, context) => {
    entries.forEach((entry, index) => {
      if (!isAddressBlock(entry)) context.addIssue(`is not an address or CIDR block at entry ${index + 1}`);
    });
  });
  return { schema, allowed: 'addresses or CIDR blocks such as 10.0.0.0/8, separated by commas' };
}

function list() {
  return z.string().transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );
}

function httpOriginOf(value: string): string | undefined {
  const origin = originOf(value.replace(/\/$/, ''));
  return origin !== undefined && /^https?:/.test(origin) ? origin : undefined;
}

/** Applications with a scheme of their own (`capacitor://localhost`) have an origin too, but not for `URL`. */
function originOf(entry: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s*\\]+$/i.test(entry) || !URL.canParse(entry)) return undefined;
  const { origin } = new URL(entry);
  return origin === 'null' ? entry.toLowerCase() : origin;
}

function isAddressBlock(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** Loopback addresses and names: what only this machine can reach. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
