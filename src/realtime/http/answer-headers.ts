import { TLSSocket } from 'node:tls';

/** What browsers may do with an answer of the service: nothing but read it. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** One year, in seconds. */
const HTTPS_ONLY_S = 31_536_000;

/**
 * The headers of every HTTP answer, refused upgrades included. An answer that is for more than to be read by the page that asked
 * (a file, a page of the service's own) sets its own in their place. Where TLS ends here, browsers are told to come with https
 * only (RFC 6797); before a proxy that is the proxy's to say.
 */
export function answerHeaders(socket: unknown): Readonly<Record<string, string>> {
  if (!(socket instanceof TLSSocket)) return HEADERS;
  return { ...HEADERS, 'Strict-Transport-Security': `max-age=${HTTPS_ONLY_S}` };
}
