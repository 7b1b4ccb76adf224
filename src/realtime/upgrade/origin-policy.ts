import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { Inject, Injectable } from '@nestjs/common';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';

/** Decides which web pages may use the service (RFC 6454). Cookies are never a credential, so this is a second lock. */
@Injectable()
export class OriginPolicy {
  private readonly allowed: ReadonlySet<string>;
  private readonly publicOrigin: string | undefined;

  constructor(@Inject(REALTIME_SETTINGS) settings: RealtimeSettings) {
    this.allowed = new Set(settings.allowedOrigins.map(recognized).filter((origin) => origin !== undefined));
    this.publicOrigin =
      settings.publicUrl === null ? undefined : serialized(new URL(settings.publicUrl).origin);
  }

  /** A request without `Origin` comes from no browser and is welcome; `null` and anything malformed is not. */
  isAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return true;
    const asked = recognized(origin);
    if (asked === undefined) return false;
    return this.allowed.has(asked) || asked === this.publicOrigin || isOwn(asked, request);
  }
}

/** Host and port equal `Host`; the scheme counts when TLS ends here, for only then do we know it. */
function isOwn(origin: string, request: IncomingMessage): boolean {
  const { host } = request.headers;
  if (host === undefined) return false;
  if (request.socket instanceof TLSSocket) return origin === serialized(`https://${host}`);
  return origin === serialized(`http://${host}`) || origin === serialized(`https://${host}`);
}

/** Applications that bring their own pages have a scheme of their own (`capacitor://localhost`), which `URL` finds no origin in. */
const OF_AN_APPLICATION = /^(?!https?:|wss?:|file:)[a-z][a-z0-9+.-]*:\/\/[^/?#@\s*\\,]+$/;

function recognized(origin: string): string | undefined {
  return OF_AN_APPLICATION.test(origin) ? origin : serialized(origin);
}

/**
 * The origin as browsers write it, without a default port; `undefined` when it is none. Browsers write scheme and host in
 * lower case, and a client that does not is no browser that we know.
 */
function serialized(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const parsed = new URL(origin);
  const isWeb = parsed.protocol === 'http:' || parsed.protocol === 'https:';
  const isWhole =
    origin === parsed.origin || origin === `${parsed.origin}:${parsed.protocol === 'http:' ? 80 : 443}`;
  return isWeb && isWhole ? parsed.origin : undefined;
}
