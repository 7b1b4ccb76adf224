import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import type { Deferred, Outcome, SendMessage } from '../../src/features/chat/log/append/index.js';
import { store as logStore } from '../../src/features/chat/log/log.store.js';
import { store as mutesStore } from '../../src/features/chat/log/mutes.store.js';
import { store as retentionStore } from '../../src/features/chat/retention/retention.store.js';
import { chooser } from '../support/cluster/chooser.js';
import { RacingNodes } from '../support/cluster/racing-nodes.js';
import { describeWith, POSTGRES } from '../support/tools.js';

const RACERS = 6;
const ROUNDS = 25;
const LATER_MS = DRIVEN_AT_MS + 60_000;

describeWith(POSTGRES)('rooms that several nodes change at once', () => {
  let cluster: RacingNodes;
  let logs: readonly AppendDriver[];
  let log: AppendDriver;

  beforeAll(async () => {
    cluster = await RacingNodes.start(LOG_MIGRATIONS);
    logs = cluster.nodes.map((node) => new AppendDriver(node));
    log = logs[0] as AppendDriver;
  }, 60_000);
  afterAll(async () => cluster.stop());

  const logOf = (racer: number): AppendDriver => logs[racer % logs.length] ?? log;

  const shuffled = <Item>(items: readonly Item[], choose: ReturnType<typeof chooser>): Item[] => {
    const left = [...items];
    return items.map(() => left.splice(left.indexOf(choose(left)), 1)[0] as Item);
  };

  /** A room's members with what they say of themselves. */
  async function membersOf(roomId: string) {
    return await cluster.rows(
      'select user_id, role, muted_until, read_seq from members where room_id = $1 order by user_id',
      [roomId],
    );
  }

  it('are one for each pair, in whatever order the pairs are asked for', async () => {
    const choose = chooser('pairs');
    for (let round = 0; round < ROUNDS; round += 1) {
      const pairs = Array.from({ length: 5 }, (_, pair) => [
        `one ${round} ${pair}`,
        `other ${round} ${pair}`,
      ]);
      const asked = Array.from({ length: RACERS }, () =>
        shuffled(pairs, choose).map((pair) => {
          const [actorId = '', other = ''] = shuffled(pair, choose);
          const memberIds = [other];
          return log.creation({ roomId: randomUUID(), kind: 'direct', actorId, memberIds, clientId: null });
        }),
      );
      const outcomes = await cluster.race(RACERS, async (_, racer) =>
        logOf(racer).append(...(asked[racer] ?? [])),
      );
      const made = outcomes.flat().filter((outcome) => outcome.outcome === 'stored');
      expect(made).toHaveLength(RACERS * pairs.length);
      expect(made.filter(({ duplicate }) => !duplicate)).toHaveLength(pairs.length);
      const roomIds = new Set(made.map(({ roomId }) => roomId));
      expect(roomIds.size).toBe(pairs.length);
      for (const roomId of roomIds) {
        expect(await logOf(1).seqs(roomId)).toEqual([1, 2]);
        expect((await membersOf(roomId)).map(({ role }) => role)).toEqual(['owner', 'owner']);
      }
    }
  });

  const append = async (send: SendMessage): Promise<Outcome[]> => log.append(send);
  const sendPlainly = async (send: SendMessage): Promise<(Outcome | Deferred)[]> =>
    log.appends.send({ nowMs: DRIVEN_AT_MS, changes: [send], locking: 'wait' });

  it('keep a mute, a silence, a message and what was read when all come together', async () => {
    const choose = chooser('mutes');
    const roomId = await log.group();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const until = choose([null, DRIVEN_AT_MS + round]);
      const seconds = choose([0, round]);
      const send = log.sending(roomId, { actorId: 'bob', id: `id-${round}`, clientId: `of bob ${round}` });
      const mute = async (node: number) =>
        cluster.node(node).open(mutesStore).mute({ roomId, userId: 'bob', until });
      const [[sent], [silenced]] = await Promise.all([
        choose([sendPlainly, append])(send),
        logOf(1).append({ change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds }),
        mute(2),
        mute(0),
        cluster
          .node(1)
          .open(logStore)
          .advance([{ roomId, userId: 'bob', seq: 2 }]),
      ]);
      expect(silenced).toMatchObject({ outcome: 'stored' });
      const [, bob] = await membersOf(roomId);
      expect(bob).toMatchObject({ muted_until: until });
      if (sent?.outcome === 'stored') expect(bob).toMatchObject({ read_seq: sent.events[0]?.seq });
      const after = await log.one({ ...send, id: `after-${round}`, clientId: `after ${round}` });
      expect(after.outcome).toBe(seconds === 0 ? 'stored' : 'refused');
      await log.stored({ change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 0 });
    }
  });

  it('mute a member who meanwhile comes to own the room', async () => {
    const roomId = await log.group();
    const muting = new pg.Client({ connectionString: cluster.url });
    await muting.connect();
    try {
      await muting.query('begin');
      await muting.query('update members set muted_until = 7 where room_id = $1 and user_id = $2', [
        roomId,
        'bob',
      ]);
      const left = log.stored({ change: 'leave', roomId, actorId: 'ann' });
      while (!(await isWaitedFor(muting)));
      await muting.query('commit');
      await left;
    } finally {
      await muting.end();
    }
    expect(await membersOf(roomId)).toMatchObject([{ user_id: 'bob', role: 'owner', muted_until: 7 }]);
  });

  it('lose their old ends once, however many sweep, while messages come', async () => {
    const choose = chooser('sweeps');
    for (let round = 0; round < 5; round += 1) {
      const roomIds: string[] = [];
      for (let n = 0; n < 4; n += 1) roomIds.push(await log.group());
      for (const roomId of roomIds) {
        const old = Array.from({ length: 12 }, () => log.sending(roomId, { namedIds: ['bob'] }));
        await log.append(...old);
      }
      let isOver = false;
      const sends = (async () => {
        const heads = new Map<string, number>();
        while (!isOver) {
          const roomId = choose(roomIds);
          const send = log.sending(roomId, { replyTo: choose([null, 5, 14]), namedIds: ['bob'] });
          const batch = { nowMs: LATER_MS, changes: [send] };
          let [outcome] = await log.appends.send({ ...batch, locking: 'wait' });
          if (outcome?.outcome === 'deferred') [outcome] = await log.appends.append(batch);
          if (outcome?.outcome === 'stored') heads.set(roomId, outcome.events[0]?.seq ?? 0);
        }
        return heads;
      })();
      const swept = await cluster.race(RACERS, async (node) => sweepAll(node, shuffled(roomIds, choose)));
      isOver = true;
      const heads = await sends;
      for (const roomId of roomIds) {
        const dropped = swept
          .flat()
          .filter((lowEnd) => lowEnd.roomId === roomId)
          .flatMap(({ from, until }) => Array.from({ length: until + 1 - from }, (_, index) => from + index));
        expect(dropped.toSorted((one, other) => one - other)).toEqual(upTo(1, 14));
        expect(await log.seqs(roomId)).toEqual(upTo(15, heads.get(roomId) ?? 14));
        expect(await belowTheFloor(roomId)).toEqual([{ mentions: 0, vectors: 0, messages: 0, dropped: 12 }]);
      }
    }
  });

  async function sweepAll(node: ReturnType<RacingNodes['node']>, due: readonly string[]) {
    const store = node.open(retentionStore);
    const lowEnds = [];
    for (let roomIds = due; roomIds.length > 0;) {
      const dropped = await store.drop({ roomIds, beforeMs: LATER_MS, nowMs: LATER_MS, budget: 3 });
      lowEnds.push(...dropped.lowEnds);
      roomIds = dropped.left;
    }
    return lowEnds;
  }

  async function belowTheFloor(roomId: string) {
    const low = 'where room_id = $1 and seq < 15';
    return await cluster.rows(
      `select (select count(*) from mentions ${low}) as mentions,
         (select count(*) from search_vectors ${low}) as vectors,
         (select count(*) from messages ${low}) as messages,
         (select count(*) from dropped_messages where room_id = $1) as dropped`,
      [roomId],
    );
  }
});

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last + 1 - first }, (_, index) => first + index);
}

/** Whether another transaction waits for this one. */
async function isWaitedFor(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    'select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))',
  );
  return rows.length > 0;
}
