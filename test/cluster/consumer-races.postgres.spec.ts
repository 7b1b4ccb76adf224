import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { store as consumersStore } from '../../src/features/chat/consumers/consumers.store.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import { chooser } from '../support/cluster/chooser.js';
import { RacingNodes } from '../support/cluster/racing-nodes.js';
import { describeWith, POSTGRES } from '../support/tools.js';

const CONSUMER = { name: 'webhooks', types: '*' } as const;
const ROOMS = 40;
const ROUNDS = 30;
const SENDERS = 12;

describeWith(POSTGRES)('a consumer that several nodes write to at once', () => {
  let cluster: RacingNodes;
  let logs: readonly AppendDriver[];

  beforeAll(async () => {
    cluster = await RacingNodes.start(LOG_MIGRATIONS);
    logs = cluster.nodes.map((node) => new AppendDriver(node));
    const consumers = [{ ...CONSUMER, from: 'now' } as const];
    const registering = { consumers, forgotten: [], isAlone: false, nowMs: 0 };
    await cluster.node().open(consumersStore).register(registering);
  }, 60_000);
  afterAll(async () => cluster.stop());

  const storeOf = (racer: number) => cluster.node(racer).open(consumersStore);
  const claimOf = (holder: string) => ({
    consumer: CONSUMER.name,
    holder,
    leaseMs: 60_000,
    nowMs: DRIVEN_AT_MS,
  });

  it('is held by one, and has every event noted once while rooms are busy', async () => {
    const choose = chooser('consumers');
    const log = logs[0] as AppendDriver;
    const roomIds: string[] = [];
    for (let n = 0; n < ROOMS; n += 1) roomIds.push(await log.group());
    const claims = await cluster.race(6, async (_, racer) => storeOf(racer).claim(claimOf(`node ${racer}`)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    const holder = `node ${claims.indexOf(true)}`;

    let isOver = false;
    const busy = cluster.race(SENDERS, async (_, racer) => {
      for (let n = 0; !isOver; n += 1) {
        const id = `${racer} ${n}`;
        const changes = [log.sending(choose(roomIds), { id, clientId: id })];
        await logs[racer % logs.length]?.appends.send({ nowMs: DRIVEN_AT_MS, changes, locking: 'wait' });
      }
    });
    const had = new Map<string, number[]>();
    const consume = async (): Promise<number> => {
      const { events, places } = await storeOf(1).page({ ...CONSUMER, maxEvents: 100, maxBytes: 1e6 });
      // Whoever holds it no longer notes nothing, at the same moment as the holder.
      const noted = await Promise.all([
        storeOf(1).acknowledge({ ...claimOf(holder), places }),
        storeOf(2).acknowledge({ ...claimOf('late'), places }),
        storeOf(0).acknowledge({ ...claimOf(holder), places }),
      ]);
      expect(noted).toEqual([true, false, true]);
      for (const { roomId, seq } of events) had.set(roomId, [...(had.get(roomId) ?? []), seq]);
      return events.length;
    };
    try {
      for (let round = 0; round < ROUNDS; round += 1) await consume();
    } finally {
      isOver = true;
      await busy;
    }
    while ((await consume()) > 0);
    for (const roomId of roomIds) {
      const events = await cluster.rows('select seq from room_events where room_id = $1 order by seq', [
        roomId,
      ]);
      expect(had.get(roomId)).toEqual(events.map(({ seq }) => seq));
    }
    expect(await cluster.rows('select * from outbox')).toEqual([]);
  });
});
