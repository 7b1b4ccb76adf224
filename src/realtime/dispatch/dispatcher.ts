import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { CLOSE } from '../connection/close.js';
import type { Connection } from '../connection/connection.js';
import { RealtimeError } from '../errors/realtime-error.js';
import { BadFrame, type InboundFrame } from '../frames/inbound-frame.js';
import { failureOf } from './answer.js';
import { CallServices } from './call-services.js';
import { HandlerCall, roomOf } from './handler-call.js';
import { type Peer, type PendingRequest, RequestReader } from './request-reader.js';
import { type Route, RouteTable } from './route-table.js';

/** So many bad frames … */
const MAX_BAD_FRAMES = 10;
/** … within so many milliseconds close the connection. */
const BAD_FRAME_WINDOW_MS = 10_000;

/** By then a connection that is about to end has ended. */
const RETURN_MS = 1000;

/** One parse and one route table for all gateways: message → frame → route → handler → answer. */
@Injectable()
export class Dispatcher extends RequestReader {
  private readonly badFrames = new WeakMap<Connection, number[]>();

  constructor(
    private readonly routes: RouteTable,
    private readonly services: CallServices,
    private readonly clock: Clock,
  ) {
    super();
  }

  read(peer: Peer, bytes: Buffer, retryAfterMs: number): PendingRequest {
    try {
      const frame = peer.codec.decode(bytes);
      const route = this.routes.find(peer.path, frame.event);
      const refused = refusalOf(peer, route, retryAfterMs);
      if (route === undefined || refused !== undefined)
        return this.refusal(peer, refused ?? unknownEvent(), frame, route);
      return this.request(peer, route, frame);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      return this.refuse(peer, error);
    }
  }

  refuse(peer: Peer, error: BadFrame): PendingRequest {
    this.countBadFrame(peer);
    return this.refusal(peer, error, { event: '', id: error.id, data: undefined });
  }

  private request(peer: Peer, route: Route, frame: InboundFrame): PendingRequest {
    const broken = route.kind === 'house' ? brokenData(route, frame.data) : undefined;
    if (broken !== undefined) return this.refusal(peer, broken, frame, route);
    return new HandlerCall(peer, route, frame, this.services);
  }

  /** A request that is answered without a handler, in its turn. */
  private refusal(peer: Peer, error: RealtimeError, frame: InboundFrame, route?: Route): PendingRequest {
    return {
      ordering: route?.ordering === 'room' ? 'room' : 'none',
      roomId: route?.ordering === 'room' ? roomOf(frame.data) : undefined,
      start: (progress) => {
        const reported = this.services.errors.report(error, { connectionId: peer.id });
        (route?.meter ?? this.routes.meters.unknown).refused(reported.code);
        progress.settle(peer.codec.encode(failureOf(reported, frame.id, route?.event)));
      },
    };
  }

  private countBadFrame(peer: Peer): void {
    const now = this.clock.monotonicMs();
    const recent = (this.badFrames.get(peer) ?? []).filter((at) => at > now - BAD_FRAME_WINDOW_MS);
    recent.push(now);
    this.badFrames.set(peer, recent);
    if (recent.length >= MAX_BAD_FRAMES) {
      peer.closeOnceAnswered({ code: CLOSE.badFrames, reason: '' });
    }
  }
}

/** Why a frame goes no further than its route: the connection is about to end, or it is above the rate, or what it asks for is. */
function refusalOf(peer: Peer, route: Route | undefined, retryAfterMs: number): RealtimeError | undefined {
  if (peer.isLeaving)
    return new RealtimeError('UNAVAILABLE', 'this node is going down', { retryAfterMs: RETURN_MS });
  const cost = route?.cost ?? 1;
  const waitMs = retryAfterMs > 0 || cost === 1 ? retryAfterMs : peer.surcharge(cost);
  return waitMs === 0
    ? undefined
    : new RealtimeError('RATE_LIMITED', 'too many frames', { retryAfterMs: waitMs });
}

function unknownEvent(): RealtimeError {
  return new RealtimeError('UNKNOWN_EVENT', 'unknown event');
}

/** What no house handler takes: `data` that is no object, and anything at all when the handler takes nothing. */
function brokenData(route: Route, data: unknown): RealtimeError | undefined {
  if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data))) {
    return validationFailed('', 'must be an object');
  }
  if (route.takesBody) return undefined;
  const [unknown] = Object.keys(data ?? {});
  return unknown === undefined ? undefined : validationFailed(unknown, 'unknown property');
}

function validationFailed(path: string, message: string): RealtimeError {
  return new RealtimeError('VALIDATION_FAILED', 'validation failed', { details: [{ path, message }] });
}
