import { IsBoolean, IsIn, IsInt, IsISO8601, Matches, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { IsId, IsLimit, IsText, Optional } from '../frames/index.js';
import type { RoomRole } from '../log/index.js';

const MAX_PAGE = 100;
/** A cursor holds a folded name, in base64. */
const MAX_CURSOR = 1000;
const MAX_TIME = 30;
/** A year. */
const MAX_SILENCE_S = 31_536_000;

/** `room.archive` */
export class RoomFrame {
  @IsId()
  roomId!: string;
}

/** `room.update` */
export class UpdateFrame extends RoomFrame {
  @Optional()
  @IsText({ min: 1, max: 100 })
  name?: string;

  @Optional()
  @IsText({ min: 0, max: 500, hasLines: true })
  topic?: string;
}

/** `room.unban` */
export class MemberFrame extends RoomFrame {
  @IsId()
  userId!: string;
}

/** `room.remove` */
export class RemoveFrame extends MemberFrame {
  @Optional()
  @IsBoolean()
  ban?: boolean;
}

/** `room.role` */
export class RoleFrame extends MemberFrame {
  @IsIn(['owner', 'admin', 'member'])
  role!: RoomRole;
}

/** `room.silence` */
export class SilenceFrame extends MemberFrame {
  @IsInt()
  @Min(0)
  @Max(MAX_SILENCE_S)
  seconds!: number;
}

/** `room.mute` */
export class MuteFrame extends RoomFrame {
  /** Left out: for ever; `null` ends it. */
  @ValidateIf((_, value) => value !== undefined && value !== null)
  @IsISO8601({ strict: true, strictSeparator: true })
  @Matches(/Z$/, { message: 'until must be a time in UTC' })
  @MaxLength(MAX_TIME)
  until?: string | null;
}

/** `room.discover` */
export class DiscoverFrame {
  @Optional()
  @IsText({ min: 1, max: 200 })
  query?: string;

  @Optional()
  @IsText({ min: 1, max: MAX_CURSOR })
  cursor?: string;

  @Optional()
  @IsLimit(MAX_PAGE)
  limit?: number;
}
