import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';

const LONGEST_ID = 64;
const MOST_OPTIONS = 10;

export class CreatePoll {
  @IsString()
  @Length(1, LONGEST_ID)
  roomId!: string;

  @IsString()
  @Length(1, 200)
  question!: string;

  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(MOST_OPTIONS)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  options!: string[];
}

/** A poll is named by its room and the `seq` of its `poll.created`. */
export class PollName {
  @IsString()
  @Length(1, LONGEST_ID)
  roomId!: string;

  @IsInt()
  @Min(1)
  pollSeq!: number;
}

export class Vote extends PollName {
  /** The place of the chosen option, from 0. */
  @IsInt()
  @Min(0)
  @Max(MOST_OPTIONS - 1)
  choice!: number;
}
