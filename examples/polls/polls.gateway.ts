import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  type Append,
  Appending,
  Caller,
  type Committed,
  Ordered,
  RealtimeGateway,
  type UserActor,
} from 'parley';
import { AskFrame, PollFrame, VoteFrame } from './polls.frames.js';
import { PollsService } from './polls.service.js';

@RealtimeGateway('poll')
export class PollsGateway {
  constructor(private readonly polls: PollsService) {}

  @SubscribeMessage('poll.ask')
  @Ordered('room')
  ask(@Caller() actor: UserActor, @MessageBody() poll: AskFrame) {
    return appending(this.polls.ask(actor, poll));
  }

  @SubscribeMessage('poll.vote')
  @Ordered('room')
  vote(@Caller() actor: UserActor, @MessageBody() vote: VoteFrame) {
    return appending(this.polls.vote(actor, vote));
  }

  @SubscribeMessage('poll.close')
  async close(@Caller() actor: UserActor, @MessageBody() poll: PollFrame) {
    return appending(await this.polls.close(actor, poll));
  }

  @SubscribeMessage('poll.results')
  async results(@Caller() actor: UserActor, @MessageBody() poll: PollFrame) {
    return await this.polls.results(actor, poll);
  }
}

/** The reply waits for the commit; the connection's next request of the room does not. */
function appending({ admitted, committed }: Append<Committed>): Appending {
  return new Appending(
    admitted,
    committed.then(({ event }) => ({ event })),
  );
}
