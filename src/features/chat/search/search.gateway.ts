import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, Cost, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { SearchFrame } from './frames.js';
import { SearchService } from './search.service.js';

@RealtimeGateway('message')
export class SearchGateway {
  constructor(private readonly searches: SearchService) {}

  @Cost(5)
  @SubscribeMessage('message.search')
  async search(@Caller() actor: UserActor, @MessageBody() request: SearchFrame) {
    return await this.searches.search(actor, request);
  }
}
