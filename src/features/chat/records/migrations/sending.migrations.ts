import { sql } from 'kysely';
import type { Migration } from '../../../../storage/index.js';
import { OUTBOX_LOCK } from '../commits/outbox-lock.js';

/**
 * Stores messages in one round trip: locks their rooms, then looks, by later statements that read what was committed before
 * the locks were had, and stores every message of which it is certain that it can be stored. It refuses nothing: where a
 * message is not plain (a repetition, a stranger's, one that the batch itself has something to do with …), that one and all that
 * follow it in its room come back with `left_until`, for the rules in `log/append` to decide. So it need not know what
 * they answer, but all that they let through must be so here.
 *
 * Old and new nodes run side by side: a change of it is a function of another number, in a step of its own.
 */
const SEND = `
create function parley_send_1(
  now_ms bigint,
  is_patient integer,
  room_ids text[],
  sender_ids text[],
  message_ids text[],
  client_ids text[],
  request_hashes text[],
  texts text[],
  vectors text[],
  replies bigint[],
  threads bigint[],
  metas text[],
  naming_sends integer[],
  named_ids text[]
) returns table (
  send_no integer,
  new_seq bigint,
  new_ordinal bigint,
  new_at bigint,
  new_mentions text,
  left_until text
) language plpgsql volatile
-- Its plans are made once for each connection, maybe while the tables are still empty; and what is off counts as so dear
-- that a plan without another way would be compiled first.
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $parley$
#variable_conflict use_column
declare
  locked text[];
  consumers text[];
begin
  -- A consumer that is being registered waits for those that did not see it, and those that come later see it.
  perform pg_advisory_xact_lock_shared(${OUTBOX_LOCK});
  consumers := array(
    select name from log_consumers
    where types = '"*"' or cast(types as jsonb) @> '"message"'
    order by name);

  if is_patient = 1 then
    select array_agg(id) into locked from (
      select id from rooms where id = any (room_ids) order by id for no key update) rows;
  else
    select array_agg(id) into locked from (
      select id from rooms where id = any (room_ids) order by id for no key update skip locked) rows;
  end if;

  -- In the order in which everyone locks members.
  perform from members
  join (select distinct room_id, sender_id from unnest(room_ids, sender_ids) as pair (room_id, sender_id)) pair
    on members.room_id = pair.room_id and members.user_id = pair.sender_id
  where pair.room_id = any (locked)
  order by members.room_id, members.user_id
  for no key update of members;

  return query
  with sends as materialized (
    select cast(number as integer) as number, room_id, sender_id, message_id, client_id, request_hash, body, vector,
      reply_to, thread_seq, meta
    from unnest(room_ids, sender_ids, message_ids, client_ids, request_hashes, texts, vectors, replies, threads, metas)
      with ordinality as send (room_id, sender_id, message_id, client_id, request_hash, body, vector, reply_to, thread_seq,
        meta, number)
  ),
  named as materialized (
    select sends.number, count(*) as count,
      string_agg(cast(to_json(name.user_id) as text), ',' order by name.place) as ids
    from unnest(naming_sends, named_ids) with ordinality as name (number, user_id, place)
    join sends on sends.number = name.number
    join members on members.room_id = sends.room_id and members.user_id = name.user_id
    group by sends.number
  ),
  judged as materialized (
    select sends.*,
      rooms.head, rooms.ordinal,
      greatest(now_ms, rooms.last_active_at) as at,
      '[' || coalesce(named.ids, '') || ']' as mentions,
      rooms.archived_at is null
        and coalesce(named.count, 0) <= 50
        and row_number() over (
          partition by sends.room_id, sends.sender_id, sends.client_id order by sends.number) = 1
        and exists (
          select from members
          where members.room_id = sends.room_id and members.user_id = sends.sender_id)
        and not exists (
          select from messages
          where messages.room_id = sends.room_id
            and messages.sender_id = sends.sender_id and messages.client_id = sends.client_id)
        and (rooms.floor = 1 or not exists (
          select from dropped_messages as dropped
          where dropped.room_id = sends.room_id
            and dropped.sender_id = sends.sender_id and dropped.client_id = sends.client_id))
        and not exists (
          select from streams
          where streams.room_id = sends.room_id and streams.sender_id = sends.sender_id
            and streams.client_id = sends.client_id and streams.closed_at is null)
        and not exists (
          select from restrictions
          where restrictions.room_id = sends.room_id and restrictions.user_id = sends.sender_id
            and restrictions.silenced_until > now_ms)
        and (rooms.direct_key is null or not exists (
          select from user_blocks
          where blocker_id = any (string_to_array(rooms.direct_key, ':')) and blocker_id <> sends.sender_id
            and blocked_id = sends.sender_id))
        and (sends.reply_to is null or exists (
          select from messages
          where messages.room_id = sends.room_id and messages.seq = sends.reply_to))
        and (sends.thread_seq is null or exists (
          select from messages
          where messages.room_id = sends.room_id and messages.seq = sends.thread_seq and messages.thread_seq is null))
        as is_plain
    from sends
    join rooms on rooms.id = sends.room_id
    left join named on named.number = sends.number
    where rooms.id = any (locked)
  ),
  numbered as materialized (
    select judged.*,
      bool_and(is_plain) over upto as is_stored,
      head + count(*) over upto as seq,
      ordinal + count(*) filter (where thread_seq is null) over upto as message_ordinal
    from judged
    window upto as (partition by room_id order by number)
  ),
  stored as materialized (select * from numbered where is_stored),
  raised as (
    update rooms
    set head = newest.seq, ordinal = newest.message_ordinal, last_active_at = newest.at
    from (
      select distinct on (room_id) room_id, seq, message_ordinal, at from stored order by room_id, seq desc) newest
    where rooms.id = newest.room_id
  ),
  logged as (
    insert into room_events (room_id, seq, type, ordinal, actor_id, at, message_seq, body)
    select room_id, seq, 'message', message_ordinal, sender_id, at, seq, null from stored order by number
  ),
  said as (
    insert into messages (room_id, seq, id, sender_id, client_id, request_hash, text, created_at, edited_at, deleted_at,
      reply_to, thread_seq, reply_count, mentions, meta, attachments)
    select room_id, seq, message_id, sender_id, client_id, request_hash, body, at, null, null,
      reply_to, thread_seq, 0, mentions, meta, '[]' from stored order by number
  ),
  indexed as (
    insert into search_vectors (room_id, seq, words)
    select room_id, seq, cast(vector as tsvector) from stored order by number
  ),
  mentioned as (
    insert into mentions (user_id, room_id, seq)
    select user_id, room_id, seq from stored, json_array_elements_text(cast(stored.mentions as json)) as user_id
    where stored.mentions <> '[]'
  ),
  answered as (
    update messages set reply_count = messages.reply_count + replies.count
    from (
      select room_id, thread_seq, count(*) as count from stored where thread_seq is not null
      group by room_id, thread_seq) replies
    where messages.room_id = replies.room_id and messages.seq = replies.thread_seq
  ),
  followed as (
    insert into thread_positions as positions (room_id, user_id, thread_seq, read_seq)
    select room_id, sender_id, thread_seq, max(seq) from stored where thread_seq is not null
    group by room_id, sender_id, thread_seq order by room_id, sender_id, thread_seq
    on conflict (room_id, user_id, thread_seq) do update set read_seq = excluded.read_seq
    where excluded.read_seq > positions.read_seq
  ),
  moved as (
    update members
    set read_seq = newest.seq, read_ordinal = newest.message_ordinal,
      changed_commit = (select commits from log_state) + cast(cast(pg_current_xact_id() as text) as bigint)
    from (
      select distinct on (room_id, sender_id) room_id, sender_id, seq, message_ordinal from stored
      order by room_id, sender_id, seq desc) newest
    where members.room_id = newest.room_id and members.user_id = newest.sender_id
  ),
  noted as (
    insert into outbox (consumer, room_id, after_seq, last_seq, queued_at)
    select consumer, room_id, min(seq) - 1, max(seq), now_ms
    from stored, unnest(consumers) with ordinality as interest (consumer, place)
    group by place, consumer, room_id order by place, room_id
    on conflict (consumer, room_id) do update set last_seq = excluded.last_seq
  )
  select sends.number, numbered.seq, numbered.message_ordinal, numbered.at, numbered.mentions,
    case
      when numbered.is_stored then null
      when numbered.number is not null then 'rules'
      when exists (select from rooms where rooms.id = sends.room_id) then 'unlocked'
      else 'rules'
    end
  from sends left join numbered on numbered.number = sends.number
  order by sends.number;
end
$parley$`;

/** What PostgreSQL stores messages by. */
export const sendingMigrations: readonly Migration[] = [
  {
    name: 'chat/0120-send-function',
    isCompatible: true,
    up: (db, dialect) => (dialect === 'sqlite' ? [] : [{ compile: () => sql.raw(SEND).compile(db) }]),
  },
];
