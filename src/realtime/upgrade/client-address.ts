import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';

const MAPPED_IPV4 = '::ffff:';

/** Tells who really sent a request, behind proxies that are trusted. */
@Injectable()
export class ClientAddress {
  private readonly proxies = new BlockList();
  private readonly hasProxies: boolean;

  constructor(@Inject(REALTIME_SETTINGS) settings: RealtimeSettings) {
    this.hasProxies = settings.trustedProxies.length > 0;
    for (const proxy of settings.trustedProxies) this.trust(proxy);
  }

  /**
   * The peer's address, or, while that is a trusted proxy, the address before it in `X-Forwarded-For`, read from the
   * right: what an untrusted sender wrote further left is never reached.
   */
  of(request: IncomingMessage): string {
    const peer = plain(request.socket.remoteAddress ?? '');
    return this.hasProxies ? this.before(peer, request) : peer;
  }

  private before(peer: string, request: IncomingMessage): string {
    const header = request.headers['x-forwarded-for'];
    const hops = (Array.isArray(header) ? header.join(',') : (header ?? ''))
      .split(',')
      .map((hop) => hop.trim());
    let address = peer;
    while (this.isTrusted(address)) {
      const before = plain(hops.pop() ?? '');
      if (isIP(before) === 0) break;
      address = before;
    }
    return address;
  }

  private trust(proxy: string): void {
    const [address = '', prefix] = proxy.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) this.proxies.addAddress(address, family);
    else this.proxies.addSubnet(address, Number(prefix), family);
  }

  private isTrusted(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.proxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
  }
}

function plain(written: string): string {
  const address = written.toLowerCase();
  return address.startsWith(MAPPED_IPV4) ? address.slice(MAPPED_IPV4.length) : address;
}
