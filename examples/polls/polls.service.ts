import { Injectable } from '@nestjs/common';
import { Database, eventSeq, forbidden, RoomAccess, RoomLog, type UserActor } from 'parley';
import type { AskFrame, PollFrame, VoteFrame } from './polls.frames.js';
import type { PollTables } from './polls.migrations.js';

/** Admins ask, every member votes once, and who asked may close. */
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

  ask(actor: UserActor, { roomId, ...body }: AskFrame) {
    const row = {
      room_id: roomId,
      seq: eventSeq(),
      asker_id: actor.userId,
      option_count: body.options.length,
    };
    const project = [this.db.insertInto('polls').values(row)];
    return this.log.append({ roomId, actor, type: 'poll.asked', body, require: 'admin', project });
  }

  /** A second vote breaks the key of `poll_votes`: that is a `CONFLICT`, as is a vote that comes too late. */
  vote(actor: UserActor, { roomId, ...body }: VoteFrame) {
    const row = { room_id: roomId, poll_seq: body.pollSeq, user_id: actor.userId, choice: body.choice };
    const project = [this.db.insertInto('poll_votes').values(row)];
    const assert = [this.open(roomId, body.pollSeq).where('option_count', '>', body.choice)];
    return this.log.append({ roomId, actor, type: 'poll.voted', body, require: 'member', assert, project });
  }

  async close(actor: UserActor, { roomId, ...body }: PollFrame) {
    await this.access.require(actor, roomId);
    const assert = [this.open(roomId, body.pollSeq)];
    const [[poll] = []] = await this.database.read(assert);
    if (poll !== undefined && poll['asker_id'] !== actor.userId) throw forbidden('only who asked may close');
    const polls = this.db.updateTable('polls').where('room_id', '=', roomId).where('seq', '=', body.pollSeq);
    const project = [polls.set({ closed_seq: eventSeq() })];
    return this.log.append({ roomId, actor, type: 'poll.closed', body, require: 'member', assert, project });
  }

  /** The votes of each option that has any. */
  async results(actor: UserActor, { roomId, pollSeq }: PollFrame) {
    await this.access.require(actor, roomId);
    const votes = this.db
      .selectFrom('poll_votes')
      .where('room_id', '=', roomId)
      .where('poll_seq', '=', pollSeq);
    const counts = votes.select(({ fn }) => ['choice', fn.countAll().as('votes')]).groupBy('choice');
    const [results = []] = await this.database.read([counts.orderBy('choice')]);
    return { results };
  }

  private open(roomId: string, pollSeq: number) {
    const polls = this.db.selectFrom('polls').select('asker_id').where('closed_seq', 'is', null);
    return polls.where('room_id', '=', roomId).where('seq', '=', pollSeq);
  }
}
