import { Injectable } from '@nestjs/common';
import {
  type Append,
  type Committed,
  Database,
  eventSeq,
  forbidden,
  notFound,
  RoomAccess,
  RoomLog,
  type UserActor,
} from 'parley';
import type { CreatePoll, PollName, Vote } from './polls.frames.js';
import type { PollTables } from './polls.migrations.js';

/** The rules of polls: admins ask, every member votes once, and who asked may close. */
@Injectable()
export class PollsService {
  private readonly db;

  constructor(
    private readonly database: Database,
    private readonly log: RoomLog,
    private readonly access: RoomAccess,
  ) {
    this.db = database.builder<PollTables>();
  }

  create(actor: UserActor, { roomId, question, options }: CreatePoll): Append<Committed> {
    const row = {
      room_id: roomId,
      seq: eventSeq(),
      creator_id: actor.userId,
      question,
      options: JSON.stringify(options),
    };
    const project = [this.db.insertInto('polls').values(row)];
    return this.log.append({
      roomId,
      actor,
      type: 'poll.created',
      body: { question, options },
      require: 'admin',
      project,
    });
  }

  /** A second vote breaks the key of `poll_votes`, and is a `CONFLICT`. */
  async vote(actor: UserActor, { roomId, pollSeq, choice }: Vote): Promise<Append<Committed>> {
    const { options } = await this.get(actor, { roomId, pollSeq });
    if (choice >= options.length) throw notFound('option');
    const row = { room_id: roomId, poll_seq: pollSeq, user_id: actor.userId, choice, seq: eventSeq() };
    const project = [this.db.insertInto('poll_votes').values(row)];
    const body = { pollSeq, choice };
    return this.log.append({
      roomId,
      actor,
      type: 'poll.voted',
      body,
      require: 'member',
      assert: [this.open(roomId, pollSeq)],
      project,
    });
  }

  async close(actor: UserActor, { roomId, pollSeq }: PollName): Promise<Append<Committed>> {
    const { creatorId } = await this.get(actor, { roomId, pollSeq });
    if (creatorId !== actor.userId) throw forbidden('only who asked may close a poll');
    const poll = this.db.updateTable('polls').where('room_id', '=', roomId).where('seq', '=', pollSeq);
    const project = [poll.set({ closed_seq: eventSeq() })];
    return this.log.append({
      roomId,
      actor,
      type: 'poll.closed',
      body: { pollSeq },
      require: 'member',
      assert: [this.open(roomId, pollSeq)],
      project,
    });
  }

  async get(actor: UserActor, { roomId, pollSeq }: PollName) {
    await this.access.require(actor, roomId);
    const votes = this.db
      .selectFrom('poll_votes')
      .where('room_id', '=', roomId)
      .where('poll_seq', '=', pollSeq);
    const [polls, counts] = (await this.database.read([
      this.db.selectFrom('polls').selectAll().where('room_id', '=', roomId).where('seq', '=', pollSeq),
      votes.select(({ fn }) => ['choice', fn.countAll<number>().as('votes')]).groupBy('choice'),
    ])) as [PollTables['polls'][], { choice: number; votes: number }[]];
    const [poll] = polls;
    if (poll === undefined) throw notFound('poll');
    const options = (JSON.parse(poll.options) as string[]).map((text, choice) => ({
      text,
      votes: counts.find((count) => count.choice === choice)?.votes ?? 0,
    }));
    return {
      roomId,
      pollSeq,
      creatorId: poll.creator_id,
      question: poll.question,
      options,
      isClosed: poll.closed_seq !== null,
    };
  }

  private open(roomId: string, pollSeq: number) {
    return this.db
      .selectFrom('polls')
      .select('seq')
      .where('room_id', '=', roomId)
      .where('seq', '=', pollSeq)
      .where('closed_seq', 'is', null);
  }
}
