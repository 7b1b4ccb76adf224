import type { UserActor } from './actor.js';
import type { CloseReason } from './close.js';
import type { Subprotocol } from '../frames/codec.js';
import type { OutboundFrame } from '../frames/outbound-frame.js';
import type { Principal } from './principal.js';

/** One client's WebSocket, as features see it. */
export abstract class Connection {
  abstract readonly id: string;
  abstract readonly principal: Principal;
  abstract readonly subprotocol: Subprotocol;
  /** The upgrade request's `User-Agent`, cut at 256 characters; '' if it sent none. */
  abstract readonly userAgent: string;
  /** The peer's address, after trusted proxies. */
  abstract readonly remoteAddress: string;
  /** Wall time of the upgrade, in milliseconds. */
  abstract readonly openedAtMs: number;
  /** Monotonic time of the last frame that came from the client, in milliseconds. */
  abstract readonly lastFrameAtMs: number;
  /** True from the `ready` push until the close begins. */
  abstract readonly isAttached: boolean;

  /** The principal as the actor that services take. */
  abstract get actor(): UserActor;

  /** Sends a control push: it is never dropped, however slow the connection is. */
  abstract push(event: string, data: object): void;

  /** As `push`, with a frame that is encoded once for all its receivers. */
  abstract pushFrame(frame: OutboundFrame): void;

  /**
   * Sends a state push. While the connection is too slow to take it, only the last frame of each `key` is kept and
   * leaves when the connection has drained.
   */
  abstract pushState(key: string, frame: OutboundFrame): void;

  /** Replaces the credential's end (`null`: never), after a refresh. */
  abstract prolong(expiresAtMs: number | null): void;

  /** Starts no further request, and closes once those that were started have their answers. */
  abstract closeOnceAnswered(close: CloseReason): void;

  /** Starts the close handshake after what is already due; later calls do nothing. */
  abstract close(close: CloseReason): void;
}
