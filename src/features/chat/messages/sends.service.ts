import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Appending, newId, type UserActor } from '../../../realtime/index.js';
import { Users } from '../../auth/index.js';
import { LogWriter, type MessageView } from '../log/index.js';
import { namedIds } from './named-users.js';
import { SendRate } from './send-rate.js';
import { SenderPositions } from './sender-positions.js';

export interface Sending {
  readonly roomId: string;
  readonly text: string;
  readonly clientId: string;
  readonly replyTo?: number;
  readonly threadSeq?: number;
  readonly attachmentIds?: readonly string[];
  readonly meta?: object;
}

export interface Sent {
  readonly message: MessageView;
  /** True when an earlier send with this `clientId` had stored it. */
  readonly duplicate: boolean;
}

/** Sends messages. */
@Injectable()
export class SendsService {
  constructor(
    private readonly log: LogWriter,
    private readonly users: Users,
    private readonly positions: SenderPositions,
    private readonly rate: SendRate,
  ) {}

  /** Takes the message into the order of its room. The reply comes when it is stored. */
  async send({ userId }: UserActor, sending: Sending): Promise<Appending<Sent>> {
    this.rate.take(userId);
    const named = await namedIds(this.users, sending.text);
    const stored = this.positions.begin(userId, sending.roomId, sending.clientId);
    const { admitted, committed } = this.log.submit({
      change: 'send',
      roomId: sending.roomId,
      actorId: userId,
      id: newId(),
      clientId: sending.clientId,
      requestHash: requestHash(sending),
      text: sending.text,
      replyTo: sending.replyTo ?? null,
      threadSeq: sending.threadSeq ?? null,
      meta: sending.meta === undefined ? null : JSON.stringify(sending.meta),
      attachmentIds: sending.attachmentIds ?? [],
      namedIds: named,
    });
    return new Appending(admitted, this.sent(committed).finally(stored));
  }

  private async sent(committed: Promise<Stored>): Promise<Sent> {
    const { message, duplicate } = await committed;
    if (!message) throw new Error('a message was stored without its view');
    if (!duplicate) this.positions.tell(message.senderId, message.roomId);
    return { message, duplicate };
  }
}

/** What the log says of a send. */
interface Stored {
  readonly message?: MessageView;
  readonly duplicate: boolean;
}

/** What a request says, whichever way. */
interface Said {
  readonly text: string;
  readonly replyTo?: number | null;
  readonly threadSeq?: number | null;
  readonly attachmentIds?: readonly string[];
}

/** Tells a repeated send from another one under the same `clientId`; `meta` is not part of what was said. */
export function requestHash({ text, replyTo, threadSeq, attachmentIds = [] }: Said): string {
  const said = JSON.stringify([text, replyTo ?? null, threadSeq ?? null, attachmentIds.toSorted()]);
  return hash('sha256', said, 'base64url');
}
