import { IsNotEmpty, IsString, MaxLength, ValidateIf } from 'class-validator';
import {
  IsDisplayName,
  IsNewPassword,
  IsPasswordGuess,
  IsUsername,
} from '../accounts/account-rules.decorator.js';

/** A name that could never be one is only wrong, but not to be looked up at any length. */
const LONGEST_NAME_GUESS = 256;
const LONGEST_REFRESH_TOKEN = 256;

export class RegisterBody {
  @IsUsername()
  username!: string;

  @IsNewPassword()
  password!: string;

  @ValidateIf((body: RegisterBody) => body.displayName !== undefined)
  @IsDisplayName()
  displayName?: string;
}

export class LoginBody {
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_NAME_GUESS)
  username!: string;

  @IsPasswordGuess()
  password!: string;
}

export class RefreshBody {
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_REFRESH_TOKEN)
  refreshToken!: string;
}

export class PasswordBody {
  @IsPasswordGuess()
  password!: string;

  @IsNewPassword()
  newPassword!: string;
}
