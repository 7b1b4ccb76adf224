import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { TypingFrame } from './frames.js';
import { TypingService } from './typing.service.js';

@RealtimeGateway('room')
export class TypingGateway {
  constructor(private readonly typing: TypingService) {}

  @SubscribeMessage('room.typing')
  async type(@Caller() actor: UserActor, @MessageBody() { roomId, active }: TypingFrame) {
    await this.typing.type(actor, roomId, active);
    return {};
  }
}
