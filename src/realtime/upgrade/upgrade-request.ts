import type { IncomingMessage } from 'node:http';
import type { Principal } from '../connection/principal.js';

/** What upgrade guards get from `context.switchToHttp().getRequest()`. */
export interface UpgradeRequest extends IncomingMessage {
  /** Path and query of the request, parsed. Only `pathname` and `searchParams` are the client's. */
  readonly target: URL;
  /** The peer's address, after trusted proxies. */
  readonly remoteAddress: string;
  /** Every offered subprotocol, `bearer.…` included, in the client's order. */
  readonly subprotocols: readonly string[];
  /** Set by the guard that knows who asks. */
  principal?: Principal;
}
