import { ArrayMaxSize, IsArray } from 'class-validator';
import { IsClientId, IsId, IsLimit, IsMeta, IsSeq, IsText, Optional } from '../frames/index.js';

const MAX_PAGE = 100;

/** `message.send` */
export class SendFrame {
  @IsId()
  roomId!: string;

  @IsText({ min: 1, max: 8000, hasLines: true })
  text!: string;

  @IsClientId()
  clientId!: string;

  @Optional()
  @IsSeq()
  replyTo?: number;

  @Optional()
  @IsSeq()
  threadSeq?: number;

  @Optional()
  @IsArray()
  @ArrayMaxSize(0, { message: 'must be empty: this node takes no attachments' })
  attachmentIds?: string[];

  @Optional()
  @IsMeta()
  meta?: object;
}

/** `message.get`, `message.read` */
export class MessageFrame {
  @IsId()
  roomId!: string;

  @IsSeq()
  seq!: number;
}

/** `message.history` */
export class HistoryFrame {
  @IsId()
  roomId!: string;

  @Optional()
  @IsSeq()
  before?: number;

  @Optional()
  @IsSeq(0)
  after?: number;

  @Optional()
  @IsSeq()
  around?: number;

  @Optional()
  @IsSeq()
  threadSeq?: number;

  @Optional()
  @IsLimit(MAX_PAGE)
  limit?: number;
}
