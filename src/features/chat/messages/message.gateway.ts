import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, Cost, Ordered, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { HistoryFrame, MessageFrame, SendFrame } from './frames.js';
import { MessagesService } from './messages.service.js';
import { SendsService } from './sends.service.js';

@RealtimeGateway('message')
export class MessageGateway {
  constructor(
    private readonly sends: SendsService,
    private readonly messages: MessagesService,
  ) {}

  @Ordered('room')
  @SubscribeMessage('message.send')
  async send(@Caller() actor: UserActor, @MessageBody() sending: SendFrame) {
    return await this.sends.send(actor, sending);
  }

  @Cost(2)
  @SubscribeMessage('message.history')
  async history(@Caller() actor: UserActor, @MessageBody() request: HistoryFrame) {
    return await this.messages.history(actor, request);
  }

  @SubscribeMessage('message.get')
  async get(@Caller() actor: UserActor, @MessageBody() { roomId, seq }: MessageFrame) {
    return await this.messages.get(actor, roomId, seq);
  }
}
