import { Injectable, Logger } from '@nestjs/common';
import { OutboundFrame } from '../../../../realtime/index.js';
import { LogReader, ReadPositions } from '../../log/index.js';
import { type OwnPosition, type OwnPositionMoved, OwnPushes } from '../../rooms/index.js';

/** Pushes a state to those of the user's connections that are in the room just now. */
type PushOwn = (key: string, frame: OutboundFrame) => void;

/**
 * Pushes `room.self` to a user's connections on this node, whichever node it comes from. A position that another node is about
 * to store is known here from then on: what the user asks this node next stands on it.
 */
@Injectable()
export class OwnPositions {
  private readonly logger = new Logger('Delivery');

  constructor(
    private readonly log: LogReader,
    private readonly positions: ReadPositions,
    private readonly own: OwnPushes,
  ) {}

  /** Takes what a node says. */
  receive(userId: string, { position, from, isAhead }: OwnPositionMoved, push: PushOwn): void {
    const { roomId, threadSeq, readSeq: seq } = position;
    const place = threadSeq === undefined ? { roomId } : { roomId, threadSeq };
    if (isAhead && from !== this.own.node) this.positions.hear({ userId, ...place, seq });
    this.push(userId, position, push);
  }

  /** Pushes a position, or a newer one: two nodes that are asked at the same time may be heard in any order. */
  push(userId: string, position: OwnPosition, push: PushOwn): void {
    const { roomId } = position;
    if (!this.isOld(userId, position)) return pushOne(push, position);
    this.newer(userId, position).then(
      (newer) => pushOne(push, newer),
      (err: unknown) => this.logger.warn({ roomId, err }, 'a position could not be pushed'),
    );
  }

  private isOld(userId: string, { roomId, threadSeq, readSeq }: OwnPosition): boolean {
    const known =
      threadSeq === undefined
        ? this.positions.of(userId)[roomId]
        : this.positions.inThread(userId, roomId, threadSeq);
    return (known ?? 0) > readSeq;
  }

  /** Of threads the newer one was pushed already; mutes are pushed with the room. */
  private async newer(userId: string, position: OwnPosition): Promise<OwnPosition | undefined> {
    if (position.threadSeq !== undefined) return undefined;
    const view = await this.log.roomView(position.roomId, userId);
    if (!view) return undefined;
    const { readSeq, unread, mentions, muted } = view;
    return { roomId: position.roomId, readSeq, unread, mentions, muted };
  }
}

function pushOne(push: PushOwn, position: OwnPosition | undefined): void {
  if (position === undefined) return;
  push(`room.self ${position.threadSeq ?? ''}`, new OutboundFrame('room.self', position));
}
