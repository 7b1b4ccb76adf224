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
import { CreatePoll, PollName, Vote } from './polls.frames.js';
import { PollsService } from './polls.service.js';

@RealtimeGateway('poll')
export class PollsGateway {
  constructor(private readonly polls: PollsService) {}

  @SubscribeMessage('poll.create')
  @Ordered('room')
  create(@Caller() actor: UserActor, @MessageBody() poll: CreatePoll) {
    return appending(this.polls.create(actor, poll));
  }

  @SubscribeMessage('poll.vote')
  async vote(@Caller() actor: UserActor, @MessageBody() vote: Vote) {
    return appending(await this.polls.vote(actor, vote));
  }

  @SubscribeMessage('poll.close')
  async close(@Caller() actor: UserActor, @MessageBody() poll: PollName) {
    return appending(await this.polls.close(actor, poll));
  }

  @SubscribeMessage('poll.get')
  async get(@Caller() actor: UserActor, @MessageBody() poll: PollName) {
    return { poll: await this.polls.get(actor, poll) };
  }
}

/** The reply waits for the commit; the connection's next request of a room does not. */
function appending({ admitted, committed }: Append<Committed>): Appending {
  return new Appending(
    admitted,
    committed.then(({ event }) => ({ event })),
  );
}
