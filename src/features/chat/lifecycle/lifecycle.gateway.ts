import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, Ordered, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { EditFrame, PinsFrame, ReactionFrame, TargetFrame } from './frames.js';
import { LifecycleService } from './lifecycle.service.js';
import { PinsService } from './pins.service.js';

@RealtimeGateway('message')
export class LifecycleGateway {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly pins: PinsService,
  ) {}

  @Ordered('room')
  @SubscribeMessage('message.edit')
  async edit(@Caller() actor: UserActor, @MessageBody() { text, ...place }: EditFrame) {
    return await this.lifecycle.edit(actor, place, text);
  }

  @Ordered('room')
  @SubscribeMessage('message.delete')
  delete(@Caller() actor: UserActor, @MessageBody() place: TargetFrame) {
    return this.lifecycle.delete(actor, place);
  }

  @Ordered('room')
  @SubscribeMessage('message.react')
  react(@Caller() actor: UserActor, @MessageBody() reaction: ReactionFrame) {
    return this.lifecycle.react(actor, 'react', reaction);
  }

  @Ordered('room')
  @SubscribeMessage('message.unreact')
  unreact(@Caller() actor: UserActor, @MessageBody() reaction: ReactionFrame) {
    return this.lifecycle.react(actor, 'unreact', reaction);
  }

  @Ordered('room')
  @SubscribeMessage('message.pin')
  pin(@Caller() actor: UserActor, @MessageBody() place: TargetFrame) {
    return this.lifecycle.pin(actor, 'pin', place);
  }

  @Ordered('room')
  @SubscribeMessage('message.unpin')
  unpin(@Caller() actor: UserActor, @MessageBody() place: TargetFrame) {
    return this.lifecycle.pin(actor, 'unpin', place);
  }

  @SubscribeMessage('message.pins')
  async list(@Caller() actor: UserActor, @MessageBody() request: PinsFrame) {
    return await this.pins.list(actor, request);
  }
}
