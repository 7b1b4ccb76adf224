import { UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, IsId, IsText, RealtimeGateway, type UserActor } from 'parley';
import { AnnouncementsService } from './announcements.service.js';
import { RequiresRoomRole, RoomRoleGuard } from './room-role.guard.js';

export class AnnouncementFrame {
  @IsId() roomId!: string;
  @IsText({ min: 1, max: 500 }) text!: string;
}

@RealtimeGateway('announcement')
export class AnnouncementsGateway {
  constructor(private readonly announcements: AnnouncementsService) {}

  @SubscribeMessage('announcement.make')
  @RequiresRoomRole('admin')
  @UseGuards(RoomRoleGuard)
  async make(@Caller() actor: UserActor, @MessageBody() { roomId, text }: AnnouncementFrame) {
    return await this.announcements.make(actor, roomId, text);
  }
}
