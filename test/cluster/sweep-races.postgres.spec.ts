import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AuthSettings } from '../../src/features/auth/auth.settings.js';
import { type Sight, store as foreignStore } from '../../src/features/auth/foreign/foreign-sessions.store.js';
import { SessionPurge } from '../../src/features/auth/sessions/session-purge.js';
import { store as sessionsStore } from '../../src/features/auth/sessions/sessions.store.js';
import { AttachmentSweeper } from '../../src/features/chat/attachments/attachment-sweeper.js';
import { store as attachmentsStore } from '../../src/features/chat/attachments/attachments.store.js';
import { DiskBlobStore } from '../../src/features/chat/attachments/blobs/blob-store.disk.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import { appendStore } from '../../src/features/chat/log/append/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { chooser } from '../support/cluster/chooser.js';
import { RacingNodes } from '../support/cluster/racing-nodes.js';
import { describeWith, POSTGRES } from '../support/tools.js';

const DAY_MS = 86_400_000;
const RACERS = 6;

describeWith(POSTGRES)('sign-ins and sweeps of several nodes at once', () => {
  let cluster: RacingNodes;
  let folder: string;

  beforeAll(async () => {
    cluster = await RacingNodes.start(LOG_MIGRATIONS);
    folder = await mkdtemp(join(tmpdir(), 'parley-sweeps-'));
  }, 60_000);
  afterAll(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  function sightOf(subject: string, values: Partial<Sight> = {}): Sight {
    return {
      issuer: 'https://issuer.example',
      subject,
      sessionId: `session of ${subject}`,
      isResumable: false,
      client: 'test',
      issuedAtMs: DRIVEN_AT_MS,
      nowMs: DRIVEN_AT_MS,
      keepUntilMs: DRIVEN_AT_MS + DAY_MS,
      newUserId: randomUUID(),
      usernames: ['sam', ...Array.from({ length: 98 }, (_, index) => `sam-${index + 2}`)],
      displayName: 'Sam',
      foldedName: 'sam',
      ...values,
    };
  }

  it('make one user of each subject, under a name of its own', async () => {
    const choose = chooser('foreigners');
    const subjects = Array.from({ length: 40 }, (_, index) => `subject ${index}`);
    const asked = Array.from({ length: 20 }, () => [choose(subjects), choose(subjects), choose(subjects)]);
    const seen = new Map<string, Set<string>>();
    for (const some of asked) {
      await cluster.race(RACERS, async (node, racer) => {
        const subject = some[racer % some.length] ?? '';
        const sessionId = `session ${racer} of ${subject}`;
        const admission = await node.open(foreignStore).admit(sightOf(subject, { sessionId }));
        seen.set(subject, (seen.get(subject) ?? new Set()).add(admission?.user.id ?? 'nobody'));
      });
    }
    for (const ids of seen.values()) expect(ids.size).toBe(1);
    const users = await cluster.rows(
      'select users.username from users join foreign_identities on user_id = users.id',
    );
    expect(users).toHaveLength(seen.size);
    expect((await cluster.rows('select id from users')).length).toBe(seen.size);
    expect(new Set(users.map(({ username }) => username)).size).toBe(seen.size);
  });

  it('follow the newest of several names that tokens of one user claim', async () => {
    const { user } = (await cluster.node().open(foreignStore).admit(sightOf('renamed'))) ?? {};
    const admissions = await cluster.race(12, async (node, racer) => {
      const displayName = `Sam ${racer}`;
      const sight = { issuedAtMs: DRIVEN_AT_MS + 1 + racer, displayName, foldedName: displayName };
      return node.open(foreignStore).admit(sightOf('renamed', sight));
    });
    expect(admissions.map((admission) => admission?.user.id)).toEqual(admissions.map(() => user?.id));
    const rows = await cluster.rows('select display_name from users where id = $1', [user?.id]);
    expect(rows).toEqual([{ display_name: 'Sam 11' }]);
  });

  it('delete the sessions that are over, each purge all of them', async () => {
    const clock = new ManualClock(DRIVEN_AT_MS);
    const settings = { accessTokenTtlS: 60 } as AuthSettings;
    const { user } = (await cluster.node().open(foreignStore).admit(sightOf('purged'))) ?? {};
    const over = Array.from({ length: 450 }, (_, index) => index);
    await cluster.node().write([
      {
        sql: `insert into sessions (id, user_id, user_agent, created_at, last_seen_at, expires_at, generation,
            parent_generation, is_answer_used)
          select case when n <= ${over.length} then 'over ' else 'alive ' end || n, $1, 'test', 0, 0,
            case when n <= ${over.length} then 1 else ${DRIVEN_AT_MS + DAY_MS} end, 1, 0, 0
          from generate_series(1, ${over.length + 3}) as n`,
        parameters: [user?.id],
      },
    ]);
    await cluster.race(RACERS, async (node) => {
      await new SessionPurge(node.open(sessionsStore), clock, settings).purge();
      expect(await cluster.rows(`select id from sessions where id like 'over %'`)).toEqual([]);
    });
    expect(await cluster.rows(`select id from sessions where id like 'alive %'`)).toHaveLength(3);
  });

  it('remove the uploads that nobody named, and none that a message is naming', async () => {
    const log = new AppendDriver(cluster.node());
    const roomId = await log.group();
    const blobs = new DiskBlobStore({ folder, isDurable: false });
    const ids = Array.from({ length: 230 }, () => randomUUID());
    for (const id of ids) await blobs.put(id, toBytes('content'));
    await cluster.node().write([
      {
        sql: `insert into attachments (id, room_id, uploader_id, name, mime_type, bytes, created_at, state)
          select id, $1, 'ann', 'a', 'text/plain', 7, ${DRIVEN_AT_MS - DAY_MS}, 'kept' from unnest(string_to_array($2, ',')) as id`,
        parameters: [roomId, ids.join(',')],
      },
    ]);
    // Nodes whose clock is behind take them for young while the sweepers take them for old.
    const named: string[] = [];
    const naming = cluster.race(24, async (node, racer) => {
      const id = ids[racer] ?? '';
      const send = log.sending(roomId, { attachmentIds: [id] });
      const batch = { nowMs: DRIVEN_AT_MS - 1000, changes: [send] };
      const [outcome] = await node.open(appendStore).append(batch);
      if (outcome?.outcome === 'stored') named.push(id);
    });
    const clock = new ManualClock(DRIVEN_AT_MS);
    const sweeps = cluster.race(RACERS, async (node) =>
      new AttachmentSweeper(node.open(attachmentsStore), blobs, clock).sweep(),
    );
    await Promise.all([naming, sweeps]);
    const left = await cluster.rows('select id, state, message_seq is not null as named from attachments');
    expect(left.map(({ id }) => String(id)).toSorted()).toEqual(named.toSorted());
    for (const row of left) expect(row).toMatchObject({ state: 'kept', named: true });
    for (const id of ids) {
      const bytes = await blobs.open(id);
      bytes?.destroy();
      expect(bytes !== undefined).toBe(named.includes(id));
    }
  });
});

async function* toBytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
