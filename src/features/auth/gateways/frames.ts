import {
  ArrayMaxSize,
  IsArray,
  IsNotEmpty,
  IsString,
  MaxLength,
  ValidateBy,
  ValidateIf,
  type ValidationArguments,
} from 'class-validator';

const LONGEST_TOKEN = 8_192;
const LONGEST_NAME = 64;
/** Of ids and names together. */
const MOST_USERS = 200;

export class RefreshFrame {
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_TOKEN)
  accessToken!: string;
}

export class SessionFrame {
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_NAME)
  sessionId!: string;
}

/** At most `most` items here and in the property `other` together. */
function ArrayMaxSizeTogether(most: number, other: string): PropertyDecorator {
  const sizeOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
  return ValidateBy({
    name: 'arrayMaxSizeTogether',
    validator: {
      validate: (value: unknown, { object }: ValidationArguments) =>
        sizeOf(value) + sizeOf((object as Record<string, unknown>)[other]) <= most,
      defaultMessage: () => `must have at most ${most} items, those of ${other} included`,
    },
  });
}

export class UsersFrame {
  @ValidateIf((frame: UsersFrame) => frame.userIds !== undefined)
  @IsArray()
  @ArrayMaxSize(MOST_USERS)
  @IsString({ each: true })
  @MaxLength(LONGEST_NAME, { each: true })
  userIds?: string[];

  @ValidateIf((frame: UsersFrame) => frame.usernames !== undefined)
  @IsArray()
  @ArrayMaxSizeTogether(MOST_USERS, 'userIds')
  @IsString({ each: true })
  @MaxLength(LONGEST_NAME, { each: true })
  usernames?: string[];
}
