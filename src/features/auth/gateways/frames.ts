import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsNotEmpty,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { IsId, Optional } from '../../../realtime/index.js';
import { IsDisplayName, IsNameQuery } from '../accounts/account-rules.decorator.js';

const LONGEST_TOKEN = 8_192;
/** Of ids and names together. */
const MOST_USERS = 200;
const LONGEST_CURSOR = 8_192;

function IsCursor(): PropertyDecorator {
  return (target, property) => {
    for (const decorate of [IsString(), IsNotEmpty(), MaxLength(LONGEST_CURSOR)]) decorate(target, property);
  };
}

export class RefreshFrame {
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_TOKEN)
  accessToken!: string;
}

export class SessionFrame {
  @IsId()
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

/** `user.get` */
export class UsersFrame {
  @Optional()
  @IsArray()
  @ArrayMaxSize(MOST_USERS)
  @IsId({ each: true })
  userIds?: string[];

  @Optional()
  @IsArray()
  @ArrayMaxSizeTogether(MOST_USERS, 'userIds')
  @IsId({ each: true })
  usernames?: string[];
}

/** `user.find` */
export class FindFrame {
  @IsNameQuery()
  query!: string;

  @Optional()
  @IsCursor()
  cursor?: string;

  @Optional()
  @IsInt()
  @Min(1)
  @Max(MOST_USERS)
  limit?: number;
}

/** `user.update` */
export class ProfileFrame {
  @Optional()
  @IsDisplayName()
  displayName?: string;
}

/** `user.block`, `user.unblock` */
export class UserFrame {
  @IsId()
  userId!: string;
}

/** `user.blocks` */
export class BlocksFrame {
  @Optional()
  @IsCursor()
  cursor?: string;
}
