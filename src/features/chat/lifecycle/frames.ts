import { ValidateBy } from 'class-validator';
import { IsId, IsSeq, IsText, PageFrame } from '../frames/index.js';
import { isEmoji } from './emoji.js';

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
export class PinsFrame extends PageFrame {
  @IsId()
  roomId!: string;
}
