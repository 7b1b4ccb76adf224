import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsInt, Min } from 'class-validator';
import { IsId, IsSeq, IsText } from 'parley';

export class AskFrame {
  @IsId() roomId!: string;
  @IsText({ min: 1, max: 200 }) question!: string;
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsText({ min: 1, max: 100 }, { each: true })
  options!: string[];
}

/** A poll is named by its room and the `seq` of its `poll.asked`. */
export class PollFrame {
  @IsId() roomId!: string;
  @IsSeq() pollSeq!: number;
}

export class VoteFrame extends PollFrame {
  /** The place of the option, from 0. */
  @IsInt() @Min(0) choice!: number;
}
