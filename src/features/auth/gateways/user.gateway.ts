import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RealtimeGateway } from '../../../realtime/index.js';
import { Users } from '../accounts/users.js';
import { UsersFrame } from './frames.js';

@RealtimeGateway('user')
export class UserGateway {
  constructor(private readonly users: Users) {}

  @SubscribeMessage('user.get')
  async get(@MessageBody() { userIds = [], usernames = [] }: UsersFrame) {
    return { users: await this.users.byIdsOrUsernames(userIds, usernames) };
  }
}
