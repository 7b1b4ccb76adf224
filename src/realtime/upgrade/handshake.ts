import type { IncomingMessage } from 'node:http';
import type { Subprotocol } from '../frames/codec.js';
import { CODECS } from '../frames/codecs.js';
import { UpgradeRefused } from './upgrade-refusal.js';

/** The only version of the protocol (RFC 6455 section 4.1). */
const VERSION = '13';

/** The status of a handshake of another version (RFC 6455 section 4.4). */
const UPGRADE_REQUIRED = 426;

/** 16 random bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** A subprotocol name is an HTTP token (RFC 9110 section 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A browser's credential, offered as a subprotocol and never echoed. */
const BEARER_PREFIX = 'bearer.';

/** Reads the request's target. A target in absolute form is a proxy's business, and refused. */
export function readTarget(request: IncomingMessage): URL {
  const target = request.url ?? '';
  if (!target.startsWith('/')) throw badTarget();
  try {
    return new URL(`http://parley/${target.replace(/^\/+/, '')}`);
  } catch {
    throw badTarget();
  }
}

/** Refuses what is no handshake of version 13 over HTTP/1.1. */
export function checkHandshake(request: IncomingMessage): void {
  const { headers, method, httpVersion } = request;
  if (method !== 'GET') {
    throw new UpgradeRefused('METHOD_NOT_ALLOWED', 'a WebSocket is opened with GET', { Allow: 'GET' });
  }
  if (httpVersion !== '1.1') throw badHandshake('HTTP/1.1 is needed');
  if (headers.host === undefined) throw badHandshake('Host is missing');
  if (headers.upgrade?.toLowerCase() !== 'websocket') throw badHandshake('Upgrade must be websocket');
  if (!hasToken(headers.connection, 'upgrade')) throw badHandshake('Connection must name Upgrade');
  checkKey(headers['sec-websocket-key']);
  checkVersion(headers['sec-websocket-version']);
}

/** Every offered subprotocol, in the client's order. */
export function readSubprotocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'];
  if (header === undefined) return [];
  const names = header.split(',').map((name) => name.trim());
  if (!names.every((name) => TOKEN.test(name)) || new Set(names).size !== names.length) {
    throw badHandshake('Sec-WebSocket-Protocol must be a list of different names');
  }
  return names;
}

/** The first offered name that the service knows; `undefined` when none but credentials were offered. */
export function selectSubprotocol(offered: readonly string[]): Subprotocol | undefined {
  const names = offered.filter((name) => !name.startsWith(BEARER_PREFIX));
  const selected = names.find((name): name is Subprotocol => Object.hasOwn(CODECS, name));
  if (selected === undefined && names.length > 0) {
    throw new UpgradeRefused(
      'UNKNOWN_SUBPROTOCOL',
      `the service speaks ${Object.keys(CODECS).join(' and ')}`,
    );
  }
  return selected;
}

function checkKey(key = ''): void {
  if (!KEY.test(key)) throw badHandshake('Sec-WebSocket-Key must be 16 bytes in base64');
}

function checkVersion(version: string | undefined): void {
  if (version === undefined) throw badHandshake('Sec-WebSocket-Version is missing');
  if (version !== VERSION) {
    const headers = { 'Sec-WebSocket-Version': VERSION };
    throw new UpgradeRefused('BAD_HANDSHAKE', 'only version 13 is spoken', headers, UPGRADE_REQUIRED);
  }
}

function hasToken(header: string | undefined, token: string): boolean {
  return (header ?? '').split(',').some((part) => part.trim().toLowerCase() === token);
}

function badTarget(): UpgradeRefused {
  return badHandshake('the request target must be a path');
}

function badHandshake(message: string): UpgradeRefused {
  return new UpgradeRefused('BAD_HANDSHAKE', message);
}
