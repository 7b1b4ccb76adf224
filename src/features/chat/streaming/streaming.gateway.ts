import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { AppendFrame, EndFrame, RoomStreamsFrame, StartFrame, StreamFrame } from './frames.js';
import { StreamReadsService } from './stream-reads.service.js';
import { StreamStartsService } from './stream-starts.service.js';
import { StreamsService } from './streams.service.js';

@RealtimeGateway('message')
export class StreamingGateway {
  constructor(
    private readonly starts: StreamStartsService,
    private readonly streams: StreamsService,
    private readonly reads: StreamReadsService,
  ) {}

  @SubscribeMessage('message.stream.start')
  async start(@Caller() actor: UserActor, @MessageBody() start: StartFrame) {
    return await this.starts.start(actor, start);
  }

  @SubscribeMessage('message.stream.append')
  async append(@Caller() actor: UserActor, @MessageBody() delta: AppendFrame) {
    return await this.streams.append(actor, delta, delta);
  }

  @SubscribeMessage('message.stream.end')
  async end(@Caller() actor: UserActor, @MessageBody() tail: EndFrame) {
    return await this.streams.end(actor, tail, tail);
  }

  @SubscribeMessage('message.stream.abort')
  async abort(@Caller() actor: UserActor, @MessageBody() name: StreamFrame) {
    await this.streams.abort(actor, name);
    return {};
  }

  @SubscribeMessage('message.stream.get')
  async get(@Caller() actor: UserActor, @MessageBody() { roomId, streamId }: StreamFrame) {
    return await this.reads.get(actor, roomId, streamId);
  }

  @SubscribeMessage('message.streams')
  async list(@Caller() actor: UserActor, @MessageBody() { roomId }: RoomStreamsFrame) {
    return await this.reads.list(actor, roomId);
  }
}
