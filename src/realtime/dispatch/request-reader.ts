import type { SpanContext } from '@opentelemetry/api';
import type { Connection } from '../connection/connection.js';
import type { Codec } from '../frames/codec.js';
import type { BadFrame } from '../frames/inbound-frame.js';
import type { Ordering } from '../gateways/ordered.decorator.js';

/** The connection behind a request, as dispatch sees it. */
export interface Peer extends Connection {
  /** The path that it was opened on: it reaches the gateways of that path. */
  readonly path: string;
  /** What handlers get as `@ConnectedSocket()`. */
  readonly facade: object;
  readonly codec: Codec;
  /** Whether the node is about to close it, to be opened elsewhere: requests are refused. */
  readonly isLeaving: boolean;
  /** The trace that the upgrade request belonged to. */
  readonly trace: SpanContext | undefined;
  /** Sends one frame that the codec has encoded. */
  write(frame: Buffer): void;
  /** Takes what a request costs in frames: 0, or the milliseconds after which it would be within the rate. */
  surcharge(cost: number): number;
  /** Calls `task` when the socket has closed. */
  onceClosed(task: () => void): void;
}

/** A message that has been read, and not yet been started. */
export interface PendingRequest {
  readonly ordering: Ordering;
  /** The room whose answers keep their order; `undefined` for any other request. */
  readonly roomId: string | undefined;
  /** Starts it. Calls `progress.admit` at most once, and `progress.settle` exactly once. */
  start(progress: RequestProgress): void;
}

export interface RequestProgress {
  /** The next request may start, though this one is not answered. */
  admit(): void;
  /** This request has its answer: an encoded frame, or `undefined` when it gets none. */
  settle(answer: Buffer | undefined): void;
}

/** Turns frames into requests; bytes that are no frame become one that answers so. */
export abstract class RequestReader {
  /** `retryAfterMs` above 0 says that the frame is above the rate, and its answer is to say so. */
  abstract read(peer: Peer, frame: Buffer, retryAfterMs: number): PendingRequest;

  /** Answers for a message in which no frame could be found. */
  abstract refuse(peer: Peer, error: BadFrame): PendingRequest;
}
