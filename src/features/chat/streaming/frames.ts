import { IsInt, Max, Min } from 'class-validator';
import { IsClientId, IsId, IsMeta, IsSeq, IsText, Optional } from '../frames/index.js';
import { LONGEST_TEXT } from '../messages/index.js';

/** Where a text goes on, in characters. */
const IsOffset = (): PropertyDecorator => (target, property) => {
  for (const decorate of [IsInt(), Min(0), Max(LONGEST_TEXT)]) decorate(target, property);
};

/** `message.streams` */
export class RoomStreamsFrame {
  @IsId()
  roomId!: string;
}

/** `message.stream.start` */
export class StartFrame {
  @IsId()
  roomId!: string;

  @IsClientId()
  clientId!: string;

  @Optional()
  @IsSeq()
  replyTo?: number;

  @Optional()
  @IsSeq()
  threadSeq?: number;

  @Optional()
  @IsMeta()
  meta?: object;
}

/** `message.stream.abort`, `message.stream.get` */
export class StreamFrame {
  @IsId()
  roomId!: string;

  @IsId()
  streamId!: string;
}

/** `message.stream.append` */
export class AppendFrame extends StreamFrame {
  @IsOffset()
  offset!: number;

  @IsText({ min: 0, max: LONGEST_TEXT, hasLines: true })
  text!: string;
}

/** `message.stream.end` */
export class EndFrame extends StreamFrame {
  @IsOffset()
  offset!: number;

  @IsText({ min: 0, max: LONGEST_TEXT, hasLines: true })
  text: string = '';
}
