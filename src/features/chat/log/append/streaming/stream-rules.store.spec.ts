import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../../../storage/testing.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../append-driver.js';
import { store as retentionStore } from '../../../retention/retention.store.js';
import { store as streamsStore } from '../../streams.store.js';
import type { Outcome } from '../change.js';
import type { AbortStream, EndStream, StartStream } from './changes.js';
import { MAX_STREAMS_OF_USER, STREAM_IDLE_MS, STREAM_KEPT_MS } from './limits.js';

let test: TestDatabase;
let log: AppendDriver;
let streams: Store<typeof streamsStore>;
/** Ann's, with bob. */
let roomId: string;
let lastId = 0;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  streams = test.database.open(streamsStore);
});

afterAll(async () => test.close());

beforeEach(async () => {
  roomId = await log.group();
});

function starting(values: Partial<StartStream> = {}): StartStream {
  const streamId = `stream-${(lastId += 1)}`;
  const references = { replyTo: null, threadSeq: null, meta: null };
  const start = {
    change: 'stream.start',
    roomId,
    actorId: 'ann',
    streamId,
    clientId: `client of ${streamId}`,
  };
  return { ...start, ...references, ...values } as StartStream;
}

function ending({ streamId, clientId, actorId }: StartStream, text: string): EndStream {
  return { ...log.sending(roomId, { id: streamId, clientId, actorId, text }), change: 'stream.end' };
}

function aborting({ streamId }: StartStream, actorId: string | null = null): AbortStream {
  return { change: 'stream.abort', roomId, actorId, streamId };
}

/** What became of each change: what it stored, or why not. */
const told = (outcomes: readonly Outcome[]): unknown[] =>
  outcomes.map((it) => {
    if (it.outcome !== 'stored') return it.outcome === 'refused' ? it.code : it;
    return it.message?.seq ?? it.stream?.id ?? 'stored';
  });

async function say({ streamId }: StartStream, text: string, laterMs = 0): Promise<string[]> {
  return await streams.checkpoint([{ id: streamId, text, dueAt: DRIVEN_AT_MS + STREAM_IDLE_MS + laterMs }]);
}

async function due(nowMs = DRIVEN_AT_MS) {
  return await streams.due({ nowMs, limit: 1000 });
}

async function openIn(): Promise<string[]> {
  return ((await streams.openIn({ roomId, userId: 'ann' })) ?? []).map(({ id }) => id);
}

describe('streams of one batch', () => {
  it('are begun, and end as messages, on what those before them did', async () => {
    const [one, other] = [starting(), starting()];
    const outcomes = await log.append(
      one,
      other,
      one,
      ending(other, 'b'),
      log.sending(roomId),
      ending(one, 'a'),
    );
    expect(told(outcomes)).toEqual([one.streamId, other.streamId, one.streamId, 3, 4, 5]);
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4, 5]);
    expect(await openIn()).toEqual([]);
  });

  it('share their clientId with sends', async () => {
    const start = starting();
    const send = log.sending(roomId, { clientId: start.clientId });
    expect(told(await log.append(start, send, aborting(start), send, start))).toEqual([
      start.streamId,
      'CONFLICT',
      'stored',
      3,
      3,
    ]);
    expect(told(await log.append(starting({ clientId: send.clientId, replyTo: 3 })))).toEqual(['CONFLICT']);
  });

  it('are cut off by what comes after them, and not by what came before', async () => {
    const [before, after] = [starting({ actorId: 'bob' }), starting({ actorId: 'bob' })];
    const outcomes = await log.append(
      before,
      { change: 'leave', roomId, actorId: 'bob' },
      ending(before, 'late'),
      { change: 'add', roomId, actorId: 'ann', userIds: ['bob'] },
      ending(before, 'later'),
      after,
    );
    const stored = 'stored';
    expect(told(outcomes)).toEqual([
      before.streamId,
      stored,
      'NOT_FOUND',
      stored,
      'CONFLICT',
      after.streamId,
    ]);
    expect(await openIn()).toEqual([after.streamId]);
  });

  it('count together', async () => {
    const outcomes = await log.append(starting(), starting(), starting(), starting(), starting());
    expect(told(outcomes).filter((it) => it === 'RATE_LIMITED')).toHaveLength(1);
    expect(outcomes[4]).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(await openIn()).toHaveLength(4);
  });
});

describe('a message that was dropped', () => {
  it.each(['start', 'end'] as const)('is found by another %s of its stream as it was sent', async (again) => {
    const start = starting();
    const end = ending(start, 'long ago');
    const { message } = await log.stored(start).then(async () => log.stored(end));
    const beforeMs = DRIVEN_AT_MS + 1;
    const dropping = { roomIds: [roomId], beforeMs, nowMs: beforeMs, budget: 100 };
    await test.database.open(retentionStore).drop(dropping);
    const change = again === 'end' ? end : { ...start, replyTo: 1 };
    expect(await log.stored(change)).toMatchObject({
      duplicate: true,
      message: { id: start.streamId, seq: message?.seq, text: '', deletedAt: expect.any(String) },
    });
  });
});

describe('a user', () => {
  it('has sixty-four open streams at most, wherever they are', async () => {
    const actorId = 'bot';
    const rooms: string[] = [];
    for (let begun = 0; begun < MAX_STREAMS_OF_USER; begun += 4) {
      rooms.push((await log.stored(log.creation({ actorId }))).roomId);
    }
    const starts = rooms.flatMap((room) => [1, 2, 3, 4].map(() => starting({ roomId: room, actorId })));
    expect(told(await log.append(...starts))).not.toContain('RATE_LIMITED');
    const one = starting({ roomId: (await log.stored(log.creation({ actorId }))).roomId, actorId });
    expect(told([await log.one(one)])).toEqual(['RATE_LIMITED']);
    const [first] = starts;
    if (first) await log.stored({ ...aborting(first), roomId: first.roomId });
    expect(told([await log.one(one)])).toEqual([one.streamId]);
  });
});

describe('what was said', () => {
  it('is kept as long as it grows, and never replaced', async () => {
    const start = starting();
    await log.stored(start);
    expect(await say(start, 'ab')).toEqual([]);
    expect(await say(start, 'abc')).toEqual([]);
    expect(await say(start, 'ab')).toEqual([start.streamId]);
    expect(await say(start, 'axc')).toEqual([start.streamId]);
    expect(told([await log.one(ending(start, 'ab'))])).toEqual(['CONFLICT']);
    expect(told([await log.one(ending(start, 'abcd'))])).toEqual([3]);
    expect(await say(start, 'abcde')).toEqual([start.streamId]);
  });

  it.each<[string, (start: StartStream) => Promise<unknown>]>([
    ['its end', async (start) => log.stored(ending(start, 'what was said'))],
    ['its abort', async (start) => log.stored(aborting(start))],
    ['its sender’s leaving', async () => log.stored({ change: 'leave', roomId, actorId: 'bob' })],
    ['its room’s archiving', async () => log.stored({ change: 'archive', roomId, actorId: 'ann' })],
    [
      'its sender’s silence',
      async () => log.stored({ change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 9 }),
    ],
  ])('is gone from its row with %s', async (_, act) => {
    const start = starting({ actorId: 'bob', meta: '{"also":"said"}' });
    await log.stored(start);
    await say(start, 'what was said');
    await act(start);
    const query = { roomId, streamId: start.streamId, userId: 'ann', nowMs: DRIVEN_AT_MS };
    const { stream } = await streams.spoken(query);
    expect(stream).toMatchObject({ text: '', meta: null, closed_at: DRIVEN_AT_MS });
  });

  it('goes on when its sender’s silence is ended', async () => {
    const start = starting({ actorId: 'bob' });
    const lift = { change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 0 } as const;
    await log.append(start, lift);
    expect(await openIn()).toEqual([start.streamId]);
  });
});

describe('what is due', () => {
  it('are streams that nobody goes on with, aborted ones that nobody was told of, and what is a day old', async () => {
    const [left, aborted, ended] = [starting(), starting(), starting()];
    await log.append(left, aborted, ended, aborting(aborted), ending(ended, 'x'));
    const now = await due();
    expect(now.unannounced.map(({ id }) => id)).toContain(aborted.streamId);
    expect(now.expired.map(({ id }) => id)).not.toContain(left.streamId);
    await streams.settle({ announced: now.unannounced.map(({ id }) => id), spent: [] });

    const later = await due(DRIVEN_AT_MS + STREAM_IDLE_MS);
    expect(later.unannounced).toEqual([]);
    expect(later.expired.map(({ id }) => id)).toContain(left.streamId);
    expect(later.spent).toEqual([]);

    const { spent } = await due(DRIVEN_AT_MS + STREAM_KEPT_MS);
    expect(spent).toEqual(expect.arrayContaining([aborted.streamId, ended.streamId]));
    await streams.settle({ announced: [], spent });
    expect((await due(DRIVEN_AT_MS + STREAM_KEPT_MS)).spent).toEqual([]);
  });

  it('are no streams that somebody has gone on with since the look, with words or before the first', async () => {
    const [said, silent] = [starting(), starting()];
    await log.append(said, silent);
    await say(said, 'a');
    const { expired } = await due(DRIVEN_AT_MS + STREAM_IDLE_MS);
    const dueAt = (start: StartStream) => ({
      dueAt: expired.find(({ id }) => id === start.streamId)?.due_at ?? 0,
    });
    await say(said, 'ab', 1);
    await say(silent, '', 1);
    const late = [
      { ...ending(said, 'a'), ...dueAt(said) },
      { ...aborting(said), ...dueAt(said) },
      { ...aborting(silent), ...dueAt(silent) },
    ];
    expect(told(await log.append(...late))).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT']);
    expect((await openIn()).toSorted()).toEqual([said.streamId, silent.streamId].toSorted());
  });

  it('are streams whose sender is blocked, in the direct room of the two alone', async () => {
    const creation = log.creation({ kind: 'direct', actorId: 'dan', memberIds: ['eve'] });
    const direct = starting({ roomId: (await log.stored(creation)).roomId, actorId: 'dan' });
    const group = await log.stored(log.creation({ actorId: 'dan', memberIds: ['eve'] }));
    const elsewhere = starting({ roomId: group.roomId, actorId: 'dan' });
    await log.append(direct, elsewhere);
    expect((await due()).unwelcome).toEqual([]);
    await log.block('eve', 'dan');
    expect((await due()).unwelcome).toEqual([
      { id: direct.streamId, room_id: direct.roomId, sender_id: 'dan' },
    ]);
  });
});
