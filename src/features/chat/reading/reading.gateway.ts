import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { ReadFrame, ReceiptsFrame } from './frames.js';
import { ReadsService } from './reads.service.js';
import { ReceiptsService } from './receipts.service.js';

@RealtimeGateway('message')
export class ReadingGateway {
  constructor(
    private readonly reads: ReadsService,
    private readonly receipts: ReceiptsService,
  ) {}

  @SubscribeMessage('message.read')
  async read(@Caller() actor: UserActor, @MessageBody() { roomId, seq, threadSeq }: ReadFrame) {
    if (threadSeq === undefined) return await this.reads.room(actor, roomId, seq);
    return await this.reads.thread(actor, roomId, threadSeq, seq);
  }

  @SubscribeMessage('message.receipts')
  async list(@Caller() actor: UserActor, @MessageBody() request: ReceiptsFrame) {
    return await this.receipts.of(actor, request);
  }
}
