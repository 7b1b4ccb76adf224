import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { AdministrationService } from './administration.service.js';
import { DiscoveryService } from './discovery.service.js';
import {
  DiscoverFrame,
  MemberFrame,
  MuteFrame,
  RemoveFrame,
  RoleFrame,
  RoomFrame,
  SilenceFrame,
  UpdateFrame,
} from './frames.js';
import { MutesService } from './mutes.service.js';

@RealtimeGateway('room')
export class AdministrationGateway {
  constructor(
    private readonly administration: AdministrationService,
    private readonly mutes: MutesService,
    private readonly discovery: DiscoveryService,
  ) {}

  @SubscribeMessage('room.update')
  async update(@Caller() actor: UserActor, @MessageBody() { roomId, ...values }: UpdateFrame) {
    return { room: await this.administration.update(actor, roomId, values) };
  }

  @SubscribeMessage('room.archive')
  async archive(@Caller() actor: UserActor, @MessageBody() { roomId }: RoomFrame) {
    return { room: await this.administration.archive(actor, roomId) };
  }

  @SubscribeMessage('room.remove')
  async remove(@Caller() actor: UserActor, @MessageBody() { ban = false, ...target }: RemoveFrame) {
    await this.administration.remove(actor, target, ban);
    return {};
  }

  @SubscribeMessage('room.unban')
  async unban(@Caller() actor: UserActor, @MessageBody() target: MemberFrame) {
    await this.administration.unban(actor, target);
    return {};
  }

  @SubscribeMessage('room.role')
  async role(@Caller() actor: UserActor, @MessageBody() { role, ...target }: RoleFrame) {
    await this.administration.giveRole(actor, target, role);
    return {};
  }

  @SubscribeMessage('room.silence')
  async silence(@Caller() actor: UserActor, @MessageBody() { seconds, ...target }: SilenceFrame) {
    await this.administration.silence(actor, target, seconds);
    return {};
  }

  @SubscribeMessage('room.mute')
  async mute(@Caller() actor: UserActor, @MessageBody() { roomId, until }: MuteFrame) {
    await this.mutes.mute(actor, roomId, until);
    return {};
  }

  @SubscribeMessage('room.discover')
  async discover(@Caller() actor: UserActor, @MessageBody() discovery: DiscoverFrame) {
    return await this.discovery.discover(actor, discovery);
  }
}
