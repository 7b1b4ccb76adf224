import { RealtimeError, type UpgradeRequest } from '../../../realtime/index.js';
import { bearerOf } from '../http/bearer.js';

/** What an upgrade request brings to say who asks. */
export type Carried = { readonly kind: 'token' | 'ticket'; readonly value: string };

const SUBPROTOCOL_PREFIX = 'bearer.';
/** URLs end up in logs, so a long-lived secret has no place there. */
const FORBIDDEN_PARAMETERS = ['token', 'access_token'];

/** The first credential present counts: header, then subprotocol, then ticket. Cookies never do. */
export function carriedBy(request: UpgradeRequest): Carried | undefined {
  const { searchParams } = request.target;
  if (FORBIDDEN_PARAMETERS.some((name) => searchParams.has(name))) {
    throw new RealtimeError('BAD_HANDSHAKE', 'an access token has no place in a URL: send a ticket');
  }
  const token = bearerOf(request) ?? offeredBearer(request.subprotocols);
  if (token !== undefined) return { kind: 'token', value: token };
  const ticket = searchParams.get('ticket');
  return ticket === null ? undefined : { kind: 'ticket', value: ticket };
}

function offeredBearer(subprotocols: readonly string[]): string | undefined {
  const offered = subprotocols.find((name) => name.startsWith(SUBPROTOCOL_PREFIX));
  return offered?.slice(SUBPROTOCOL_PREFIX.length);
}
