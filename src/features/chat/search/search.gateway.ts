import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { SearchFrame } from './frames.js';
import { SearchService } from './search.service.js';

@RealtimeGateway('message')
export class SearchGateway {
  constructor(private readonly searches: SearchService) {}

  @SubscribeMessage('message.search')
  async search(@Caller() actor: UserActor, @MessageBody() request: SearchFrame) {
    return await this.searches.search(actor, request);
  }
}
