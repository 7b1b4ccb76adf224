import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { Users } from '../accounts/users.js';
import { BlocksService } from '../blocks/blocks.service.js';
import { DirectoryService } from '../directory/directory.service.js';
import { ProfilesService } from '../profiles/profiles.service.js';
import { BlocksFrame, FindFrame, ProfileFrame, UserFrame, UsersFrame } from './frames.js';

@RealtimeGateway('user')
export class UserGateway {
  constructor(
    private readonly users: Users,
    private readonly directory: DirectoryService,
    private readonly profiles: ProfilesService,
    private readonly blocks: BlocksService,
  ) {}

  @SubscribeMessage('user.get')
  async get(@MessageBody() { userIds = [], usernames = [] }: UsersFrame) {
    return { users: await this.users.byIdsOrUsernames(userIds, usernames) };
  }

  @SubscribeMessage('user.find')
  async find(@MessageBody() search: FindFrame) {
    return await this.directory.find(search);
  }

  @SubscribeMessage('user.update')
  async update(@Caller() actor: UserActor, @MessageBody() change: ProfileFrame) {
    return { user: await this.profiles.update(actor, change) };
  }

  @SubscribeMessage('user.block')
  async block(@Caller() actor: UserActor, @MessageBody() { userId }: UserFrame) {
    await this.blocks.block(actor, userId);
    return {};
  }

  @SubscribeMessage('user.unblock')
  async unblock(@Caller() actor: UserActor, @MessageBody() { userId }: UserFrame) {
    await this.blocks.unblock(actor, userId);
    return {};
  }

  @SubscribeMessage('user.blocks')
  async listBlocked(@Caller() actor: UserActor, @MessageBody() { cursor }: BlocksFrame) {
    return await this.blocks.list(actor, cursor);
  }
}
