import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn } from 'class-validator';
import { IsClientId, IsId, IsLimit, IsText, Optional, PageFrame } from '../frames/index.js';
import type { RoomKind } from '../log/index.js';

const MAX_USERS = 100;
const MAX_PAGE = 100;
/** A cursor names the rooms that were active in the seconds before the first page. */
const MAX_ORDER = 60_000;

/** `room.create` */
export class CreateFrame {
  @IsIn(['direct', 'group', 'channel'])
  kind!: RoomKind;

  @Optional()
  @IsText({ min: 1, max: 100 })
  name?: string;

  @Optional()
  @IsText({ min: 0, max: 500, hasLines: true })
  topic?: string;

  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_USERS)
  @IsId({ each: true })
  memberIds?: string[];

  @Optional()
  @IsClientId()
  clientId?: string;
}

/** `room.get`, `room.join`, `room.leave` */
export class RoomFrame {
  @IsId()
  roomId!: string;
}

/** `room.list` */
export class ListFrame {
  @Optional()
  @IsText({ min: 1, max: MAX_ORDER })
  cursor?: string;

  @Optional()
  @IsLimit(MAX_PAGE)
  limit?: number;
}

/** `room.members` */
export class MembersFrame extends PageFrame {
  @IsId()
  roomId!: string;
}

/** `room.add` */
export class AddFrame extends RoomFrame {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_USERS)
  @IsId({ each: true })
  userIds!: string[];
}
