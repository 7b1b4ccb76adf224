import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, CurrentConnection, RealtimeGateway } from '../../realtime/index.js';
import type { Connection, UserActor } from '../../realtime/index.js';
import { GetFrame, SetFrame, WatchFrame } from './frames.js';
import { PresenceChoices } from './presence-choices.js';
import { PresenceService } from './presence.service.js';

@RealtimeGateway('presence')
export class PresenceGateway {
  constructor(
    private readonly presence: PresenceService,
    private readonly choices: PresenceChoices,
  ) {}

  @SubscribeMessage('presence.set')
  async set(@Caller() actor: UserActor, @MessageBody() choice: SetFrame) {
    return { presence: await this.choices.set(actor, choice) };
  }

  @SubscribeMessage('presence.get')
  async get(@Caller() actor: UserActor, @MessageBody() { userIds }: GetFrame) {
    return { presences: await this.presence.get(actor, userIds) };
  }

  @SubscribeMessage('presence.watch')
  async watch(@CurrentConnection() connection: Connection, @MessageBody() whom: WatchFrame) {
    return { presences: await this.presence.watch(connection, whom) };
  }

  @SubscribeMessage('presence.unwatch')
  unwatch(@CurrentConnection() connection: Connection, @MessageBody() whom: WatchFrame) {
    this.presence.unwatch(connection, whom);
    return {};
  }
}
