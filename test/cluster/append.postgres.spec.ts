import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { LargeRooms } from '../../src/features/chat/large-rooms/index.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import type { Change, SendMessage, Stored } from '../../src/features/chat/log/append/index.js';
import { EventMeter } from '../../src/features/chat/log/commit/event-meter.js';
import { LogPublisher } from '../../src/features/chat/log/log-publisher.js';
import { LogWriter } from '../../src/features/chat/log/log-writer.js';
import { Outbox } from '../../src/features/chat/log/outbox.js';
import { store as mutes } from '../../src/features/chat/log/mutes.store.js';
import {
  changedPositions,
  type PositionsQuery,
} from '../../src/features/chat/sync/changed-positions.store.js';
import { ANY_SIZE } from '../../src/features/chat/room-sizes.js';
import { Meters, RealtimeError, SystemClock, TopicBus } from '../../src/realtime/index.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import type { Durability } from '../../src/storage/storage.settings.js';
import { defineStore } from '../../src/storage/store.js';
import { StorageError } from '../../src/storage/storage-error.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

type Db = Parameters<typeof changedPositions>[0];

const positions = defineStore({
  name: 'test/changed-positions',
  url: import.meta.url,
  reads: { changed: async (db: Db, query: PositionsQuery) => changedPositions(db, query, 1e6) },
  writes: {},
});

class SilentBus extends TopicBus {
  publish(): void {
    // Nobody listens.
  }

  subscribe(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }
}

/** A node, as far as it appends. */
interface Node {
  readonly log: AppendDriver;
  readonly writer: LogWriter;
}

describeWith(POSTGRES)('appends of several nodes on one PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let nodes: readonly [Node, Node, Node];
  let roomId: string;
  const open: PostgresDatabase[] = [];
  const clients: pg.Client[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start();
    url = await server.createDatabase();
    nodes = [await started(), await started(), await started()];
  }, 60_000);
  afterAll(async () => {
    await Promise.all(open.map(async (database) => database.stop()));
    await server.stop();
  });
  beforeEach(async () => (roomId = await nodes[0].log.group()));
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(async (client) => client.end().catch(() => undefined)));
    for (const { writer } of nodes) await writer.onApplicationShutdown();
  });

  async function started(durability: Durability = 'process'): Promise<Node> {
    const database = new PostgresDatabase({ url, durability });
    database.addMigrations(LOG_MIGRATIONS);
    await database.start();
    open.push(database);
    const log = new AppendDriver(database);
    const writer = new LogWriter(
      { append: log.appends.append, shared: log.appends },
      new LogPublisher(new SilentBus(), new Outbox(), new EventMeter(new Meters())),
      new SystemClock(),
      new LargeRooms({ rooms: ANY_SIZE }),
    );
    return { log, writer };
  }

  /** Another connection of nobody's, which holds a room's row until it ends. */
  async function holding(...roomIds: readonly string[]): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    await client.query('begin');
    await client.query('select from rooms where id = any ($1) order by id for update', [roomIds]);
    return client;
  }

  let last = 0;
  const sending = (values: Partial<SendMessage> = {}): SendMessage => {
    last += 1;
    return nodes[0].log.sending(roomId, { id: `m-${last}`, clientId: `c-${last}`, ...values });
  };
  const submit = async ({ writer }: Node, change: Change): Promise<Stored> => writer.submit(change).committed;
  const at = (index: number): Node => nodes[index % nodes.length] ?? nodes[0];
  const count = async (table: string): Promise<number> => {
    const [rows] = await at(0).log.database.read([
      { sql: `select count(*) as n from ${table}`, parameters: [] },
    ]);
    return Number(rows?.[0]?.['n']);
  };
  const outcomeOf = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'stored',
      (error: unknown) => {
        if (error instanceof StorageError) return error.outcome;
        return error instanceof RealtimeError ? error.code : String(error);
      },
    );

  describe('messages to one room', () => {
    it('are stored once each and without a gap, with whatever else happens in it', async () => {
      const sends = Array.from({ length: 300 }, () => sending());
      const all = sends.map(async (send, index) => submit(at(index), send));
      // Some come twice, by two nodes.
      const twins = sends
        .slice(0, 30)
        .map(async (send, index) => submit(at(index + 1), { ...send, id: `twin-${index}` }));
      const refused = Array.from({ length: 30 }, async (_, index) =>
        submit(at(index), { change: 'join', roomId, actorId: `u-${index}` }).catch(() => undefined),
      );
      const adds = Array.from({ length: 30 }, async (_, index) =>
        submit(at(index), { change: 'add', roomId, actorId: 'ann', userIds: [`u-${index}`] }),
      );
      await Promise.all([...refused, ...adds]);
      const messages = (await Promise.all(all)).map(({ message }) => message);
      expect(new Set(messages.map((message) => message?.seq)).size).toBe(300);
      expect((await Promise.all(twins)).map(({ message }) => message)).toEqual(messages.slice(0, 30));
      const stored = await at(0).log.seqs(roomId);
      expect(stored).toEqual(Array.from({ length: 332 }, (_, index) => index + 1));
    });

    it('are in the order in which a node was handed them', async () => {
      const seqs = await Promise.all(
        Array.from({ length: 90 }, async (_, index) => {
          const change: Change =
            index % 7 === 0
              ? { change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 0 }
              : sending();
          await submit(at(2), sending());
          const { message } = await submit(at(0), change);
          return message?.seq;
        }),
      );
      const own = seqs.filter((seq) => seq !== undefined);
      expect(own).toEqual(own.toSorted((one, other) => one - other));
    });

    it('do not overtake what takes longer', async () => {
      const silence = (seconds: number): Change => ({
        change: 'silence',
        roomId,
        actorId: 'ann',
        userId: 'bob',
        seconds,
      });
      for (let round = 0; round < 10; round += 1) {
        const silenced = submit(at(0), silence(60));
        await new Promise((resolve) => setImmediate(resolve));
        const said = outcomeOf(submit(at(0), sending({ actorId: 'bob' })));
        await silenced;
        expect(await said).toBe('FORBIDDEN');
        await submit(at(0), silence(0));
      }
    });

    it('never come after the event that removes their sender', async () => {
      const sends = Array.from({ length: 60 }, async (_, index) =>
        outcomeOf(submit(at(index), sending({ actorId: 'bob' }))),
      );
      const removal: Change = {
        change: 'remove',
        roomId,
        actorId: 'ann',
        userId: 'bob',
        isUserKnown: true,
        isBan: false,
      };
      const { events } = await submit(at(1), removal);
      const outcomes = await Promise.all(sends);
      const bobs = (await at(0).log.events(roomId)).filter(
        ({ type, actorId }) => type === 'message' && actorId === 'bob',
      );
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(bobs.length);
      expect(Math.max(0, ...bobs.map(({ seq }) => seq))).toBeLessThan(events[0]?.seq ?? 0);
    });
  });

  describe('one room or none', () => {
    it('comes of the same creation on several nodes', async () => {
      const direct = nodes.map(({ log, writer }, index) =>
        writer.submit(log.creation({ kind: 'direct', roomId: `direct-${index}`, memberIds: ['cy'] })),
      );
      const repeated = nodes.map(({ log, writer }, index) =>
        writer.submit(log.creation({ roomId: `repeated-${index}`, clientId: 'the same' })),
      );
      for (const appends of [direct, repeated]) {
        const created = await Promise.all(appends.map(async ({ committed }) => committed));
        expect(new Set(created.map((one) => one.roomId)).size).toBe(1);
        expect(created.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      }
      expect(await count(`rooms where id like 'direct-%' or id like 'repeated-%'`)).toBe(2);
    });
  });

  describe('a room that another transaction holds', () => {
    it('keeps no other room waiting, and has its changes stored in their order when it is free', async () => {
      const free = await nodes[0].log.group();
      const other = await holding(roomId);
      const changes = [
        sending(),
        { change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 60 } as const,
        sending({ actorId: 'bob' }),
        sending(),
      ];
      const held = changes.map(async (change) => outcomeOf(submit(at(0), change)));
      for (let round = 0; round < 5; round += 1) await submit(at(0), sending({ roomId: free }));
      await submit(at(0), { change: 'pin', roomId: free, actorId: 'ann', seq: 3 });
      const late = outcomeOf(submit(at(0), sending()));
      await other.query('rollback');
      expect(await Promise.all(held)).toEqual(['stored', 'stored', 'FORBIDDEN', 'stored']);
      expect(await late).toBe('stored');
    });

    it('is answered for in time, and stores once what is sent again', async () => {
      const other = await holding(roomId);
      const send = sending();
      const changes = [send, sending(), { change: 'pin', roomId, actorId: 'ann', seq: 1 } as const];
      const began = performance.now();
      const answers = changes.map(async (change) => {
        const outcome = await outcomeOf(submit(at(0), change));
        return [outcome, performance.now() - began < 3_000];
      });
      const late = new Promise<unknown>((resolve) => {
        setTimeout(() => resolve(outcomeOf(submit(at(0), sending()))), 1_000);
      });
      expect(await Promise.all(answers)).toEqual(changes.map(() => ['not-stored', true]));
      await other.query('rollback');
      expect(await late).toBe('stored');
      const { message } = await submit(at(1), send);
      expect(await submit(at(2), send)).toMatchObject({ duplicate: true, message });
    }, 20_000);
  });

  describe('what is beside the log', () => {
    it('is moved by nobody’s append: a mute, a read position, a member who is gone', async () => {
      const rounds = Array.from({ length: 40 }, (_, index) => index);
      const work = rounds.flatMap((index) => [
        submit(at(index), sending({ actorId: 'bob' })),
        submit(at(index), { change: 'react', roomId, actorId: 'ann', seq: 3, emoji: '👍' }).catch(
          () => undefined,
        ),
        at(index + 1).log.logs.advance([{ roomId, userId: 'ann', seq: index }]),
        at(index + 2)
          .log.database.open(mutes)
          .mute({ roomId, userId: 'bob', until: 1e14 + index }),
      ]);
      await Promise.all(work);
      await at(1).log.database.open(mutes).mute({ roomId, userId: 'bob', until: 'for ever' });
      expect(await at(0).log.view(roomId, 'bob')).toMatchObject({ muted: true });
      await submit(at(0), { change: 'leave', roomId, actorId: 'bob' });
      await at(1).log.logs.advance([{ roomId, userId: 'bob', seq: 9 }]);
      expect(await at(0).log.view(roomId, 'bob')).toBeUndefined();
    });

    it('is told to a reader who looked while the commit was running', async () => {
      const log = nodes[0].log.database.open(positions);
      const one = new pg.Client({ connectionString: url });
      await one.connect();
      clients.push(one);
      // A commit that began early and ends late: its number is lower than those of commits that the reader sees.
      await one.query('begin');
      await one.query('select pg_current_xact_id()');
      await submit(at(1), sending());
      const query = { userId: 'bob', since: null, ahead: {} };
      const { since } = await log.changed(query);
      await one.query(
        `update members set changed_commit = cast(cast(pg_current_xact_id() as text) as bigint)
         where room_id = $1 and user_id = 'bob'`,
        [roomId],
      );
      await one.query('commit');
      expect((await log.changed({ ...query, since })).reads).toMatchObject([{ roomId }]);
    });
  });

  describe('a database that fails', () => {
    it('has stored nothing of a commit that it was not sent', async () => {
      const other = await holding(roomId);
      const send = sending();
      const waiting = outcomeOf(submit(at(0), { change: 'pin', roomId, actorId: 'ann', seq: 1 }));
      await until(async () => (await locksWaitedFor()) > 0);
      await server.execute(
        `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'`,
      );
      expect(await waiting).toBe('not-stored');
      await other.query('rollback');
      expect(await outcomeOf(submit(at(0), send))).toBe('stored');
    });

    it('leaves open what it does not answer, and a repetition is stored once', async () => {
      const node = await started('full');
      const send = sending();
      // A commit waits for a standby that is not there.
      await server.configure({ synchronous_standby_names: 'nobody' });
      try {
        expect(await outcomeOf(submit(node, send))).toBe('unknown');
      } finally {
        await server.configure({ synchronous_standby_names: null });
      }
      expect(await submit(node, send)).toMatchObject({ duplicate: true });
      expect(await at(0).log.seqs(roomId)).toEqual([1, 2, 3]);
    }, 20_000);
  });

  async function locksWaitedFor(): Promise<number> {
    return count(`pg_stat_activity where wait_event_type = 'Lock'`);
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo()));
  }
});
