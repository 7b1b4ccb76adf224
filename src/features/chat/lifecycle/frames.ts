import { ValidateBy } from 'class-validator';
import { IsId, IsLimit, IsSeq, IsText, Optional } from '../frames/index.js';
import { isEmoji } from './emoji.js';

const MAX_PAGE = 100;
const MAX_CURSOR = 500;

/** `message.delete`, `message.pin`, `message.unpin` */
export class TargetFrame {
  @IsId()
  roomId!: string;

  @IsSeq()
  seq!: number;
}

/** `message.edit`; whether the text may be empty depends on the message. */
export class EditFrame extends TargetFrame {
  @IsText({ min: 0, max: 8000, hasLines: true })
  text!: string;
}

/** `message.react`, `message.unreact` */
export class ReactionFrame extends TargetFrame {
  @ValidateBy({
    name: 'isEmoji',
    validator: { validate: isEmoji, defaultMessage: () => 'must be one grapheme of at most 64 bytes' },
  })
  emoji!: string;
}

/** `message.pins` */
export class PinsFrame {
  @IsId()
  roomId!: string;

  @Optional()
  @IsText({ min: 1, max: MAX_CURSOR })
  cursor?: string;

  @Optional()
  @IsLimit(MAX_PAGE)
  limit?: number;
}
