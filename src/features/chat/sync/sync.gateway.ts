import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, Cost, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { SyncFrame } from './frames.js';
import { SyncService } from './sync.service.js';

@RealtimeGateway('room')
export class SyncGateway {
  constructor(private readonly sync: SyncService) {}

  @Cost(5)
  @SubscribeMessage('room.sync')
  async room(@Caller() actor: UserActor, @MessageBody() request: SyncFrame) {
    return await this.sync.sync(actor, request);
  }
}
