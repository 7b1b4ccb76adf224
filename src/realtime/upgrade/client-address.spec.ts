import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { RealtimeSettings } from '../realtime.settings.js';
import { ClientAddress } from './client-address.js';

function addressOf(
  trusted: readonly string[],
  peer: string | undefined,
  forwarded?: string | string[],
): string {
  const request = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwarded } };
  const settings = { trustedProxies: trusted } as unknown as RealtimeSettings;
  return new ClientAddress(settings).of(request as unknown as IncomingMessage);
}

const PROXIES = ['10.0.0.0/8', '192.0.2.1', '2001:db8:1::/48', '::1'];

describe('the client’s address (T04)', () => {
  it.each<[string, string, string | undefined, string]>([
    ['the peer, without the header', '10.0.0.1', undefined, '10.0.0.1'],
    ['the peer, when it is not trusted', '203.0.113.9', '1.1.1.1', '203.0.113.9'],
    ['the one that a trusted proxy tells', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    [
      'the last before a chain of trusted proxies',
      '10.0.0.1',
      '203.0.113.9, 192.0.2.1, 10.1.1.1',
      '203.0.113.9',
    ],
    [
      'never what stands left of an untrusted one',
      '10.0.0.1',
      '1.1.1.1, 203.0.113.9, 10.1.1.1',
      '203.0.113.9',
    ],
    ['the farthest proxy, when all are trusted', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['the proxy, when it tells nonsense', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['the proxy, when it tells nothing', '10.0.0.1', '', '10.0.0.1'],
    ['not read past nonsense', '10.0.0.1', '1.1.1.1, nonsense, 10.0.0.2', '10.0.0.2'],
    ['without the form of an IPv4 address in IPv6', '::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['trusted in that form too', '::ffff:10.0.0.1', '::FFFF:203.0.113.9', '203.0.113.9'],
    ['an IPv6 one behind an IPv6 proxy', '2001:db8:1::5', '2001:DB8:2::7', '2001:db8:2::7'],
    ['the peer next to a trusted network', '2001:db8:2::5', '1.1.1.1', '2001:db8:2::5'],
    ['told by a proxy of this machine', '::1', ' 203.0.113.9 ', '203.0.113.9'],
  ])('is %s', (_, peer, forwarded, address) => {
    expect(addressOf(PROXIES, peer, forwarded)).toBe(address);
  });

  it('reads several headers as one list', () => {
    expect(addressOf(PROXIES, '10.0.0.1', ['1.1.1.1, 203.0.113.9', '10.0.0.2'])).toBe('203.0.113.9');
  });

  it('is the peer’s for everybody when no proxy is trusted', () => {
    expect(addressOf([], '127.0.0.1', '203.0.113.9')).toBe('127.0.0.1');
  });

  it('is empty for a socket that has gone', () => {
    expect(addressOf(PROXIES, undefined, '203.0.113.9')).toBe('');
  });

  it('is the same whatever a client writes into the header', () => {
    const spoofed = Array.from({ length: 1000 }, (_, n) => `${n % 256}.${n % 7}.1.${n % 251}`);
    const seen = new Set(spoofed.map((text) => addressOf(PROXIES, '10.0.0.1', `${text}, 203.0.113.9`)));
    expect([...seen]).toEqual(['203.0.113.9']);
  });
});
