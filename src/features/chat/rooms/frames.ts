import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn } from 'class-validator';
import { IsClientId, IsId, IsText, Optional, PageFrame } from '../frames/index.js';
import type { RoomKind } from '../log/index.js';

const MAX_USERS = 100;

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
