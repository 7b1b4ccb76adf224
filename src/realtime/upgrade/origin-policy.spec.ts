import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RealtimeSettings } from '../realtime.settings.js';
import { OriginPolicy } from './origin-policy.js';

interface Asked {
  readonly origin?: string;
  readonly host?: string;
  readonly isTls?: boolean;
  readonly allowed?: readonly string[];
  readonly publicUrl?: string;
}

function isAllowed({ origin, host = 'chat.test', isTls, allowed = [], publicUrl }: Asked): boolean {
  const socket = isTls === true ? new TLSSocket(new Socket()) : new Socket();
  const settings = { allowedOrigins: allowed, publicUrl: publicUrl ?? null } as unknown as RealtimeSettings;
  const request = { headers: { origin, host }, socket } as unknown as IncomingMessage;
  return new OriginPolicy(settings).isAllowed(request);
}

describe('an origin (T01)', () => {
  it('that is absent is welcome', () => {
    expect(isAllowed({})).toBe(true);
  });

  it.each<[string, Asked, boolean]>([
    ['is the service’s own', { origin: 'http://chat.test' }, true],
    ['is https before a proxy', { origin: 'https://chat.test' }, true],
    ['is https where TLS ends here', { origin: 'https://chat.test', isTls: true }, true],
    ['is http where TLS ends here', { origin: 'http://chat.test', isTls: true }, false],
    ['has another port', { origin: 'http://chat.test:8443' }, false],
    ['has the default port', { origin: 'https://chat.test:443', isTls: true }, true],
    ['has the other scheme’s default port', { origin: 'https://chat.test:80', isTls: true }, false],
    ['has the port of Host', { origin: 'http://chat.test:3000', host: 'chat.test:3000' }, true],
    ['lacks the port of Host', { origin: 'http://chat.test', host: 'chat.test:3000' }, false],
    ['is null', { origin: 'null', allowed: ['null'] }, false],
    ['is empty', { origin: '' }, false],
    ['is another scheme', { origin: 'ws://chat.test' }, false],
    ['is a list', { origin: 'http://chat.test, http://chat.test' }, false],
    ['has a path', { origin: 'http://chat.test/' }, false],
    ['has a user', { origin: 'http://x@chat.test' }, false],
    ['has a trailing dot', { origin: 'http://chat.test.' }, false],
    ['is in upper case', { origin: 'HTTP://CHAT.TEST' }, false],
    ['meets no Host', { origin: 'http://chat.test', host: '' }, false],
    ['meets a Host with a path', { origin: 'http://chat.test', host: 'chat.test/x' }, false],
    ['is the public one', { origin: 'https://pub.test', publicUrl: 'https://pub.test/app' }, true],
    ['is the public one over http', { origin: 'http://pub.test', publicUrl: 'https://pub.test/app' }, false],
    ['is listed with a default port', { origin: 'https://a.test', allowed: ['https://a.test:443'] }, true],
    [
      'is a listed application',
      { origin: 'capacitor://localhost', allowed: ['capacitor://localhost'] },
      true,
    ],
    ['is an application that is not listed', { origin: 'capacitor://chat.test' }, false],
    ['is a file', { origin: 'file://', allowed: ['file://'] }, false],
    ['is listed in another scheme', { origin: 'http://a.test', allowed: ['https://a.test'] }, false],
  ])('that %s: %j', (_, asked, verdict) => {
    expect(isAllowed(asked)).toBe(verdict);
  });

  it('is compared whole: whatever is put around a listed one makes it another', () => {
    const around = fc.tuple(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }));
    const property = fc.property(around, ([before, after]) => {
      fc.pre(before !== '' || after !== '');
      fc.pre(after !== ':443' || before !== '');
      expect(isAllowed({ origin: `${before}https://a.test${after}`, allowed: ['https://a.test'] })).toBe(
        false,
      );
    });
    fc.assert(property, { numRuns: 500 });
  });
});
