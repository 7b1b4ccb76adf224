import { Body, Controller, Param, Post, UseGuards, UsePipes } from '@nestjs/common';
import { AccessTokenGuard, Caller, FrameValidationPipe, IsText, type UserActor } from 'parley';
import { AnnouncementsService } from './announcements.service.js';
import { RequiresRoomRole, RoomRoleGuard } from './room-role.guard.js';

class AnnouncementBody {
  @IsText({ min: 1, max: 500 }) text!: string;
}

@Controller('rooms/:roomId/announcements')
@UsePipes(FrameValidationPipe)
export class AnnouncementsController {
  constructor(private readonly announcements: AnnouncementsService) {}

  @Post()
  @RequiresRoomRole('admin')
  @UseGuards(AccessTokenGuard, RoomRoleGuard)
  async make(
    @Caller() actor: UserActor,
    @Param('roomId') roomId: string,
    @Body() { text }: AnnouncementBody,
  ) {
    return await this.announcements.make(actor, roomId, text);
  }
}
