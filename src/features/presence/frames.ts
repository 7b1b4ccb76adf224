import { ArrayMaxSize, IsArray, IsIn, IsISO8601, Matches, MaxLength, ValidateIf } from 'class-validator';
import { IsId, IsText, Optional } from '../../realtime/index.js';
import type { ChosenStatus } from './state/index.js';

const MAX_USERS = 200;
const MAX_TIME = 30;
const MAX_TEXT = 100;

/** `presence.set` */
export class SetFrame {
  @IsIn(['online', 'away', 'dnd', 'invisible'])
  status!: ChosenStatus;

  @Optional()
  @IsText({ min: 0, max: MAX_TEXT })
  text?: string;

  /** `null` is for ever, as is leaving it out. */
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @IsISO8601({ strict: true, strictSeparator: true })
  @Matches(/Z$/, { message: 'until must be a time in UTC' })
  @MaxLength(MAX_TIME)
  until?: string | null;
}

/** `presence.get` */
export class GetFrame {
  @IsArray()
  @ArrayMaxSize(MAX_USERS)
  @IsId({ each: true })
  userIds!: string[];
}

/** `presence.watch`, `presence.unwatch` */
export class WatchFrame {
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_USERS)
  @IsId({ each: true })
  userIds?: string[];

  @Optional()
  @IsId()
  roomId?: string;
}
