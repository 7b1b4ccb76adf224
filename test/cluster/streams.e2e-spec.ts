import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startProcess, type TestClient, type TestProcess } from 'parley/testing';
import pg from 'pg';
import { freshId, RoomTalk } from '../../src/features/chat/streaming/testing.js';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';
import { connectBy, NodePair } from './node-pair.js';

const SAID = 'once upon a time ';
const LOST = 'there was';
const IDLE_MS = 60_000;

/** What the node wrote last before it was killed may come after what the test writes: then the minute has to pass. */
const ENDED_WITHIN_MS = IDLE_MS + 15_000;
const TEST_MS = ENDED_WITHIN_MS + 30_000;

describeWith(REDIS)('streams of a node that is killed', () => {
  describeWith(POSTGRES)('in a cluster', () => {
    let pair: NodePair;
    let database: pg.Client;
    let cwd: string;
    let doomed: TestProcess;
    let bob: TestClient;
    let room: RoomTalk;
    let annToken: string;
    let ann: TestClient;

    beforeAll(async () => {
      pair = await NodePair.start();
      cwd = await mkdtemp(join(tmpdir(), 'parley-doomed-'));
      database = new pg.Client({ connectionString: String(pair.env['DATABASE_URL']) });
      await database.connect();
      annToken = (await pair.one.user('ann')).accessToken;
      bob = await pair.one.connect('bob');
    }, 60_000);
    afterAll(async () => {
      await database.end();
      await pair.stop();
      await rm(cwd, { recursive: true, force: true });
    }, 60_000);

    beforeEach(async () => {
      doomed = await startProcess({ cwd, env: { ...pair.env, DATA_DIR: cwd } });
      ann = await connectBy(annToken, doomed);
      const memberIds = [(await pair.one.user('bob')).id];
      const created = await ann.request('room.create', { kind: 'group', memberIds });
      room = new RoomTalk((created['room'] as { id: string }).id);
      await bob.next('room.added', (data) => (data['room'] as { id: string }).id === room.roomId);
    }, 60_000);

    /** Kills the node, and lets the time be over in which nothing is said. */
    async function killAndPass(streamId: string): Promise<void> {
      await doomed.kill('SIGKILL');
      await database.query('update streams set due_at = due_at - $2 where id = $1', [streamId, IDLE_MS]);
    }

    it(
      'end by the others with what was said a second before, and are found by whoever began them',
      async () => {
        const clientId = freshId();
        const streamId = await room.said(ann, SAID, { clientId });
        await room.getSaid(bob, streamId, SAID.length);
        const appended = room.append(ann, streamId, SAID.length, LOST).catch(() => undefined);
        await killAndPass(streamId);
        await appended;
        const event = await bob.next('room.event', ({ type }) => type === 'message', ENDED_WITHIN_MS);
        const { message } = event as { message: { text: string } };
        expect(message).toMatchObject({ id: streamId, clientId });
        expect([SAID, SAID + LOST]).toContain(message.text);
        expect(await room.list(bob)).toEqual([]);
        const again = await connectBy(annToken, pair.other);
        const begun = await room.start(again, { clientId });
        expect(begun).toMatchObject({ duplicate: true, message: { id: streamId, text: message.text } });
      },
      TEST_MS,
    );

    it(
      'go on by another node from what was said',
      async () => {
        const clientId = freshId();
        const streamId = await room.said(ann, SAID, { clientId });
        await room.getSaid(bob, streamId, SAID.length);
        await doomed.kill('SIGKILL');
        const again = await connectBy(annToken, pair.other);
        const { stream } = await room.start(again, { clientId });
        expect(stream).toMatchObject({ id: streamId, text: SAID });
        const { message } = await room.end(again, streamId, SAID.length, LOST);
        expect(message).toMatchObject({ id: streamId, text: SAID + LOST });
        const event = await bob.next('room.event', ({ type }) => type === 'message');
        expect(event).toMatchObject({ roomId: room.roomId, message: { id: streamId } });
      },
      TEST_MS,
    );

    it(
      'are told to be aborted when nothing was said',
      async () => {
        const streamId = await room.startId(ann);
        await killAndPass(streamId);
        const push = await bob.next(
          'message.stream',
          (data) => data['streamId'] === streamId && data['state'] === 'aborted',
          ENDED_WITHIN_MS,
        );
        expect(push).toMatchObject({ roomId: room.roomId });
        expect(await room.newest(bob)).toBeUndefined();
      },
      TEST_MS,
    );
  });
});
