import Libsql from 'libsql';

const WORDS = 'the kettle is on and the garden gate is open, come in when you like';

/** Fills the file beside the service: the rows are those that appends would have left. */
export class Filler {
  constructor(file) {
    this.db = new Libsql(file);
    this.db.exec('pragma synchronous = off');
  }

  run(sql, ...parameters) {
    this.db.prepare(sql).run(parameters.map((value) => (typeof value === 'number' ? BigInt(value) : value)));
  }

  /** A room whose log is its owner's joining and then messages, every tenth of them a reply to the first. */
  room(id, { messages, memberIds, activeMs }) {
    this.run(
      `insert into rooms (id, kind, name, head, ordinal, floor, member_count, created_at, last_active_at)
       values (?, 'group', 'a room', ?, ?, 1, ?, 0, ?)`,
      id,
      messages + 1,
      messages,
      memberIds.length,
      activeMs,
    );
    this.run(
      `with recursive n (seq) as (select 1 union all select seq + 1 from n where seq <= ?1)
       insert into room_events (room_id, seq, type, ordinal, actor_id, at, message_seq, body)
       select ?2, seq, iif(seq = 1, 'member.joined', 'message'), seq - 1, 'ann', ?3 - ?1 + seq - 1,
         iif(seq = 1, null, seq), iif(seq = 1, '{"userId":"ann","role":"owner"}', null) from n`,
      messages,
      id,
      activeMs,
    );
    this.run(
      `with recursive n (seq) as (select 2 union all select seq + 1 from n where seq <= ?1)
       insert into messages (room_id, seq, id, sender_id, client_id, text, created_at, thread_seq, reply_count, mentions)
       select ?2, seq, ?2 || seq, 'ann', 'client-' || seq, ?3, 0, iif(seq % 10 = 0, 2, null), 0, '[]' from n`,
      messages,
      id,
      WORDS,
    );
    for (const memberId of memberIds) this.member(id, memberId, messages + 1);
  }

  member(roomId, userId, readSeq) {
    this.run(
      `insert into members (room_id, user_id, role, joined_at, joined_seq, read_seq, read_ordinal, changed_commit)
       values (?, ?, 'member', 0, 1, ?, ?, 0)`,
      roomId,
      userId,
      readSeq,
      readSeq - 1,
    );
  }

  /** Members who joined later, and of whom every second one has read everything. */
  crowd(roomId, size, head) {
    this.run(
      `with recursive n (number) as (select 1 union all select number + 1 from n where number < ?1)
       insert into members (room_id, user_id, role, joined_at, joined_seq, read_seq, read_ordinal, changed_commit)
       select ?2, 'crowd-' || number, 'member', 0, 2, iif(number % 2 = 0, ?3, 2), 1, 0 from n`,
      size,
      roomId,
      head,
    );
  }

  transaction(fill) {
    this.db.exec('begin');
    fill();
    this.db.exec('commit');
  }
}
