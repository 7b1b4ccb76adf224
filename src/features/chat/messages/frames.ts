import { ArrayMaxSize, ArrayUnique, IsArray } from 'class-validator';
import { IsClientId, IsId, IsLimit, IsMeta, IsSeq, Optional } from '../frames/index.js';
import { IsMessageText } from './message-text.decorator.js';

const MAX_PAGE = 100;

/** Attachments of one message. */
const MAX_ATTACHMENTS = 20;

/** `message.send` */
export class SendFrame {
  @IsId()
  roomId!: string;

  @IsMessageText()
  text: string = '';

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
  @ArrayMaxSize(MAX_ATTACHMENTS)
  @ArrayUnique()
  @IsId({ each: true })
  attachmentIds?: string[];

  @Optional()
  @IsMeta()
  meta?: object;
}

/** `message.get` */
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
