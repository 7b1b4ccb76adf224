import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsISO8601,
  IsString,
  MaxLength,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import type { ChosenStatus } from './state/index.js';

const MAX_USERS = 200;
const MAX_ID = 64;
const MAX_TEXT = 100;

/** C0 and C1 controls, DEL, and surrogates without a partner. */
// oxlint-disable-next-line no-control-regex -- controls are what it looks for
const UNWANTED = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u;

/** The property may be absent; if it is there, `null` is not enough. */
const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** `presence.set` */
export class SetFrame {
  @IsIn(['online', 'away', 'dnd', 'invisible'])
  status!: ChosenStatus;

  @Optional()
  @IsStatusText()
  text?: string;

  /** `null` is for ever, as is leaving it out. */
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(MAX_ID)
  until?: string | null;
}

/** `presence.get` */
export class GetFrame {
  @IsArray()
  @ArrayMaxSize(MAX_USERS)
  @IsString({ each: true })
  @MaxLength(MAX_ID, { each: true })
  userIds!: string[];
}

/** `presence.watch`, `presence.unwatch` */
export class WatchFrame {
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_USERS)
  @IsString({ each: true })
  @MaxLength(MAX_ID, { each: true })
  userIds?: string[];

  @Optional()
  @IsString()
  @MaxLength(MAX_ID)
  roomId?: string;
}

function IsStatusText(): PropertyDecorator {
  return ValidateBy({
    name: 'isStatusText',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        value.length <= 2 * MAX_TEXT &&
        Array.from(value).length <= MAX_TEXT &&
        !UNWANTED.test(value),
      defaultMessage: () =>
        `must be text of 0 to ${MAX_TEXT} characters, well-formed and without control characters`,
    },
  });
}
