import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../../realtime/index.js';

/** An HTTP request after `AccessTokenGuard`, whatever the platform wraps around it. */
export interface AuthenticatedRequest extends IncomingMessage {
  principal?: Principal;
}
